import { deepEqual, equal, rejects } from 'node:assert/strict';
import type { DriverTransaction, OffsetCommit, OutgoingRecord } from '@kafka-worker/engine';
import { type ConformanceChapter, TRANSACTIONS } from '../conformance-case.js';
import type { Environment } from '../world/environment.js';

const FENCED = { name: 'TransactionError', code: 'TRANSACTION_FENCED', canRetry: false };
const NOT_RUNNING = { code: 'NOT_RUNNING' };
const NOTHING = { offset: undefined, metadata: '' };

/** Characters that a broker stores with an offset, unless it is set up otherwise. */
const MAX_METADATA = 4096;

export const TRANSACTIONS_CHAPTER: ConformanceChapter = {
  title: 'transactions',
  cases: [
    {
      name: 'commit records and offsets as one, and an empty list of records too',
      needs: TRANSACTIONS,
      run: async (env) => {
        const { id, sides, step, results, stored } = await world(env);
        const producer = await env.opened(id);
        deepEqual(await stored(), [NOTHING, NOTHING]);
        await producer.transact(step(3, { partitions: [0, 1] }));
        await env.until('the offset', async () => (await stored())[0]?.offset === 3);
        await producer.transact({ ...step(4), records: [] });
        await env.until('the next offset', async () => (await stored())[0]?.offset === 4);
        const { taken } = await env.readAll(sides.out, 2);
        deepEqual(values(taken), ['3', '3']);
        deepEqual(results(taken, 0), ['3']);
        deepEqual(await stored(), [{ offset: 4, metadata: 'm4' }, NOTHING]);
      },
    },
    {
      name: 'keep the order given within each partition, over one another and within one',
      needs: TRANSACTIONS,
      run: async (env) => {
        const { id, sides, step, results } = await world(env);
        const producer = await env.opened(id);
        const numbers = Array.from({ length: 3000 }, (_, n) => n);
        for (const from of [0, 1000, 2000]) {
          const records = numbers
            .slice(from, from + 1000)
            .map((n) => ({ topic: sides.out, partition: n % 2, value: String(n) }));
          await producer.transact({ ...step(from), records });
        }
        const { taken } = await env.readAll(sides.out, 3000);
        for (const partition of [0, 1]) {
          deepEqual(results(taken, partition), numbers.filter((n) => n % 2 === partition).map(String));
        }
      },
    },
    {
      name: 'run one after the other where they are asked for at once',
      needs: TRANSACTIONS,
      run: async (env) => {
        const { id, sides, step, stored } = await world(env);
        const producer = await env.opened(id);
        await Promise.all([1, 2, 3, 4, 5].map((offset) => producer.transact(step(offset))));
        await env.until('the offset', async () => (await stored())[0]?.offset === 5);
        deepEqual(values((await env.readAll(sides.out, 5)).taken), ['1', '2', '3', '4', '5']);
      },
    },
    {
      name: 'put a key where the Java client puts it, as the producer does',
      needs: TRANSACTIONS,
      run: async (env) => {
        const { id, step } = await world(env);
        const topic = await env.topic(7);
        const keys: (string | Buffer)[] = ['21', 'foobar', 'order-1', 'ü', Buffer.from([0, 255, 7])];
        const records = keys.map((key, n) => ({ topic, key, value: String(n) }));
        await (await env.opened(id)).transact({ ...step(1), records });
        const plain = await (await env.producer()).send(records);
        const { taken } = await env.readAll(topic, 2 * keys.length);
        const placed = keys.map((_, n) => taken.filter(({ value }) => String(value) === String(n)));
        deepEqual(
          placed.map((two) => two.map(({ partition }) => partition)),
          plain.map(({ partition }) => [partition, partition]),
        );
      },
    },
    {
      name: 'write bytes, nothing, headers and times as they are given',
      needs: TRANSACTIONS,
      run: async (env) => {
        const { id, sides, step } = await world(env);
        const bytes = Buffer.from([0, 255, 128]);
        const at = { topic: sides.out, partition: 0 };
        await (
          await env.opened(id)
        ).transact({
          ...step(1),
          records: [
            { ...at, key: bytes, value: bytes, headers: { text: 'a', many: ['1', bytes], none: undefined } },
            { ...at, key: 'deleted', value: null, timestamp: 1_700_000_000_123 },
          ],
        });
        const { taken } = await env.readAll(sides.out, 2);
        deepEqual([taken[0]?.key, taken[0]?.value], [bytes, bytes]);
        deepEqual({ ...taken[0]?.headers }, { text: Buffer.from('a'), many: [Buffer.from('1'), bytes] });
        deepEqual([taken[1]?.value, taken[1]?.timestamp], [null, 1_700_000_000_123]);
      },
    },
    {
      name: 'store offsets and metadata exactly, of several partitions, up to 4,096 characters',
      needs: TRANSACTIONS,
      run: async (env) => {
        const { id, sides, step, stored } = await world(env);
        const metadata = ['done-set é€', 'ü'.repeat(MAX_METADATA)];
        const offsets = metadata.map((text, partition) => ({
          topic: sides.in,
          partition,
          offset: 5 + partition,
          metadata: text,
        }));
        await (await env.opened(id)).transact({ ...step(1), offsets });
        await env.until('the offsets', async () => (await stored())[1]?.offset !== undefined);
        deepEqual(await stored(), [
          { offset: 5, metadata: metadata[0] },
          { offset: 6, metadata: metadata[1] },
        ]);
      },
    },
    {
      name: 'with metadata that is too large are refused, and nothing of them counts; the producer goes on',
      needs: TRANSACTIONS,
      run: async (env) => {
        const { id, sides, step, stored } = await world(env);
        const producer = await env.opened(id);
        const tooLarge = step(1, { partitions: [0, 1], metadata: 'x'.repeat(MAX_METADATA + 1) });
        await rejects(producer.transact(tooLarge), { name: 'CommitError', code: 'COMMIT_METADATA_TOO_LARGE' });
        deepEqual(await stored(), [NOTHING, NOTHING]);
        // The same records once more: they count once.
        await producer.transact(step(1, { partitions: [0, 1] }));
        await env.until('the offset', async () => (await stored())[0]?.offset === 1);
        deepEqual(values((await env.readAll(sides.out, 2)).taken), ['1', '1']);
      },
    },
    {
      name: 'that name a topic that does not exist are refused, and nothing of them counts; the producer goes on',
      needs: TRANSACTIONS,
      run: async (env) => {
        const { id, sides, step, stored } = await world(env);
        const producer = await env.opened(id);
        const missing = env.name('missing');
        const records = [...step(1).records, { topic: missing, value: 'x' }];
        await rejects(producer.transact({ ...step(1), records }), { code: 'SEND_FAILED', canRetry: false });
        const beside = [{ topic: sides.out, partition: 7, value: 'x' }];
        await rejects(producer.transact({ ...step(1), records: beside }), { code: 'SEND_FAILED', canRetry: false });
        deepEqual(await stored(), [NOTHING, NOTHING]);
        await producer.transact(step(1));
        deepEqual(values((await env.readAll(sides.out, 1)).taken), ['1']);
        equal((await (await env.admin()).partitions([missing])).size, 0, 'the topic was created');
      },
    },
    {
      name: 'hold readers back no longer than they last, whatever they come to',
      needs: TRANSACTIONS,
      run: async (env) => {
        const { id, sides, step } = await world(env);
        const reader = await env.joined(sides.out, { groupId: env.name('reader') });
        const producer = await env.opened(id);
        for (let n = 0; n < 3; n++) {
          const metadata = n === 1 ? 'x'.repeat(MAX_METADATA + 1) : '';
          await producer.transact(step(n, { metadata })).catch(() => undefined);
          await env.fill({ topic: sides.out, partition: 0 }, 1, 100 + n);
          await env.until('what is behind it', () => values(reader.taken).includes(String(100 + n)), 5_000);
        }
        deepEqual(values(reader.taken), ['0', '100', '101', '2', '102']);
      },
    },
    {
      name: 'fence whoever opened the id before: nothing of a former producer counts any more',
      needs: TRANSACTIONS,
      run: async (env) => {
        const { id, sides, step, stored } = await world(env);
        const former = await env.opened(id);
        await former.transact(step(1));
        const now = await env.opened(id);
        await rejects(former.transact(step(7)), FENCED);
        await now.transact(step(2));
        await rejects(former.transact(step(8)), FENCED);
        await rejects(former.open(), FENCED);
        await now.transact(step(3));
        await env.until('the offset', async () => (await stored())[0]?.offset === 3);
        deepEqual(values((await env.readAll(sides.out, 3)).taken), ['1', '2', '3']);
      },
    },
    {
      name: 'fence it in the middle of a transaction too: that counts whole before the new owner begins, or never',
      needs: TRANSACTIONS,
      run: async (env) => {
        const { id, sides, step, stored } = await world(env);
        let owner = await env.opened(id);
        let next = 1;
        for (let round = 0; round < 8; round++) {
          const cut = owner.transact(step(next)).then(
            () => undefined,
            (error: unknown) => error,
          );
          await env.wait(round * 2);
          owner = await env.opened(id);
          // Final: whatever the former one was about to do cannot come after this.
          const final = (await stored())[0]?.offset ?? 0;
          const error = (await cut) as { code?: string } | undefined;
          if (error === undefined) equal(final, next, 'was reported as committed');
          else if (error.code === 'TRANSACTION_FENCED') equal(final, next - 1, 'was reported as fenced');
          else equal(error.code, 'TRANSACTION_IN_DOUBT');
          equal((await stored())[0]?.offset ?? 0, final);
          next = final + 1;
        }
        await owner.transact(step(next));
        const expected = Array.from({ length: next }, (_, n) => String(n + 1));
        deepEqual(values((await env.readAll(sides.out, next)).taken), expected);
      },
    },
    {
      name: 'settle with open what another program has left open: its records and offsets never count',
      needs: TRANSACTIONS,
      run: async (env) => {
        const { id, sides, step, stored } = await world(env);
        await env.cluster.leaveOpen(id, step(5));
        deepEqual(await stored(), [NOTHING, NOTHING]);
        const reader = await env.joined(sides.out, { groupId: env.name('reader') });
        await env.fill({ topic: sides.out, partition: 0 }, 1, 100);
        await env.wait(300);
        deepEqual(values(reader.taken), [], 'read past an open transaction');
        const producer = await env.opened(id);
        deepEqual(await stored(), [NOTHING, NOTHING]);
        await env.until('what is behind it', () => reader.taken.length > 0, 5_000);
        await producer.transact(step(1));
        await env.until('the record', () => reader.taken.length > 1);
        deepEqual(values(reader.taken), ['100', '1']);
      },
    },
    {
      name: 'make offsets final with open: the last commit of a former producer is in what is read then',
      needs: TRANSACTIONS,
      run: async (env) => {
        const { id, step, stored } = await world(env);
        for (let offset = 1; offset <= 10; offset++) {
          const producer = await env.opened(id);
          if (offset > 1) equal((await stored())[0]?.offset, offset - 1);
          await producer.transact(step(offset));
        }
      },
    },
    {
      name: 'go on after open was called again',
      needs: TRANSACTIONS,
      run: async (env) => {
        const { id, sides, step, stored } = await world(env);
        const producer = await env.opened(id);
        for (let offset = 1; offset <= 3; offset++) {
          await producer.transact(step(offset));
          await producer.open();
          equal((await stored())[0]?.offset, offset);
        }
        deepEqual(values((await env.readAll(sides.out, 3)).taken), ['1', '2', '3']);
      },
    },
    {
      name: 'under different ids do not hinder each other, in one group and partition',
      needs: TRANSACTIONS,
      run: async (env) => {
        const { id, sides, step, stored } = await world(env);
        const [a, b] = [await env.opened(id), await env.opened(env.name('other'))];
        const rounds = Array.from({ length: 10 }, (_, n) => n + 1);
        await Promise.all([
          ...rounds.map((offset) => a.transact(step(offset))),
          ...rounds.map((offset) => b.transact(step(offset, { of: 1 }))),
        ]);
        await env.until('the offsets', async () => (await stored()).every(({ offset }) => offset === 10));
        const { taken } = await env.readAll(sides.out, 20);
        deepEqual([...values(taken)].sort(), rounds.flatMap((n) => [String(n), String(n)]).sort());
      },
    },
    {
      name: 'need a producer that is open: not before open, and not after close, which may be called again and again',
      needs: TRANSACTIONS,
      run: async (env) => {
        const { id, sides, step } = await world(env);
        const producer = env.transactional(id);
        await rejects(producer.transact(step(1)), NOT_RUNNING);
        await producer.open();
        const last = producer.transact(step(1));
        await Promise.all([producer.close(), producer.close()]);
        await last;
        await producer.close();
        await rejects(producer.transact(step(2)), NOT_RUNNING);
        await rejects(producer.open(), NOT_RUNNING);
        await env.transactional(env.name('never opened')).close();
        deepEqual(values((await env.readAll(sides.out, 1)).taken), ['1']);
      },
    },
  ],
};

/** What a step of {@link world} differs in. */
interface StepOptions {
  /** Where it writes a record each, valued by the offset. Default: the first. */
  readonly partitions?: readonly number[];
  /** Default: `m` and the offset. */
  readonly metadata?: string;
  /** The partition it takes its offset of. Default: the first. */
  readonly of?: number;
}

/** Two topics of two partitions, and transactions that lead from one to the other. */
async function world(env: Environment) {
  const sides = { in: await env.topic(2), out: await env.topic(2) };
  const { groupId } = env;
  const admin = await env.admin();
  const step = (offset: number, { partitions = [0], metadata, of = 0 }: StepOptions = {}): DriverTransaction => {
    const records: OutgoingRecord[] = partitions.map((partition) => ({
      topic: sides.out,
      partition,
      value: String(offset),
    }));
    const offsets: OffsetCommit[] = [
      { topic: sides.in, partition: of, offset, metadata: metadata ?? `m${String(offset)}` },
    ];
    return { records, groupId, offsets };
  };
  /** Values read of a partition, in order. */
  const results = (taken: readonly { partition: number; value: Buffer | null }[], partition: number): string[] =>
    values(taken.filter((record) => record.partition === partition));
  /** What the group has committed, by partition. */
  const stored = async () =>
    (await admin.committed(groupId, [sides.in])).map(({ offset, metadata }) => ({ offset, metadata }));
  return { id: env.name('transactional'), sides, step, results, stored };
}

function values(taken: readonly { value: Buffer | null }[]): string[] {
  return taken.map(({ value }) => String(value));
}
