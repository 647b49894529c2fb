import type { KafkaWorkerRuntime } from '@kafka-worker/nestjs';
import { defineRecipe, drawTimeline, recordName, table, type Run, type SeedRecord } from '../../harness/index.js';
import { BankService, type Payment } from './bank.service.js';
import { PaymentsModule } from './payments.module.js';
import { openSharedCache } from './shared-cache.js';

const PAYMENTS = 'abcdefghijkl';

export const idempotency = defineRecipe({
  id: '16',
  title: 'Idempotency with a shared cache',
  head: {
    order: 'none here; a duplicate waits while its twin is worked on, in whichever member that is',
    failure: 'gives the key back and is tried again; a crash between the effect and its mark repeats the effect',
    speed: 'two calls of the cache for each record; while the cache is away, records wait',
    use: 'producers that send twice, replays, effects that stand in no database of yours: payments, mails',
  },
  log: 'silent',

  async play(stage) {
    const { journal } = stage;
    const say = (line: string): void => stage.say(`${stage.since()} ms  ${line}`);
    await stage.seed({ topic: 'payments', partitions: 2, records: [] });
    const cache = await openSharedCache(stage.say.bind(stage));
    try {
      const bank = new BankService();
      bank.refuses.add('payment-f');
      const join = (id: string) => stage.boot(PaymentsModule.of(cache.store(), bank), id);
      const members = await Promise.all(['A', 'B'].map(join));
      await journal.until('a partition each', () => members.every(({ runtime }) => partitionsOf(runtime) === 1));

      // Each payment in both partitions: both members meet it at the same time.
      await stage.send('payments', [0, 1].flatMap(payments));
      await stage.settled(2 * PAYMENTS.length);
      const atOnce = { charged: bank.charged.length, skipped: skipped() };
      say(`${2 * PAYMENTS.length} records, each payment twice: ${atOnce.charged} charged, ${atOnce.skipped} skipped`);
      await Promise.all(members.map(({ close }) => close()));

      // Late, and to a member that knows of nothing: the cache does.
      const third = await join('C');
      await stage.send('payments', payments(0));
      await stage.settled(3 * PAYMENTS.length);
      const late = { charged: bank.charged.length - atOnce.charged, skipped: skipped() - atOnce.skipped };
      say(`${PAYMENTS.length} once more, after a restart: ${late.charged} charged, ${late.skipped} skipped`);
      await third.close();

      const runs = journal.runs();
      return {
        runs,
        cache: cache.kind,
        atOnce,
        late,
        charged: bank.charged,
        /** Records that found their twin at work. */
        waited: new Set(
          journal
            .told('record.failed')
            .filter(({ error }) => error.startsWith('somebody else works on'))
            .map(recordName),
        ).size,
        refused: runs.filter(({ outcome }) => outcome === 'failed').length,
        progress: await stage.progress('payments', 'payments'),
      };
    } finally {
      await cache.close();
    }

    function skipped(): number {
      return journal.told('record.settled').filter(({ disposition }) => disposition === 'skipped').length;
    }
  },

  show({ runs, cache, atOnce, late, charged, waited, refused, progress }) {
    const twice = charged.filter((id, i) => charged.indexOf(id) !== i);
    return [
      '',
      ...drawTimeline(runs, {
        line: ({ member }: Run) => `member ${member}`,
        mark: ({ key }: Run) => key?.at(-1) ?? '?',
      }),
      '',
      ...table([
        ['sent', 'records', 'charged', 'skipped'],
        ['twice at once', 2 * PAYMENTS.length, atOnce.charged, atOnce.skipped],
        ['once more, later', PAYMENTS.length, late.charged, late.skipped],
      ]),
      '',
      `payments: ${new Set(charged).size} · charged twice: ${twice.join(', ') || 'none'} · remembered by: ${cache}`,
      `found their twin at work and waited: ${waited} · refused by the bank and tried again: ${refused}`,
      `committed: ${progress.committed.join(', ')} of ${progress.ends.join(', ')} · lag ${progress.lag}`,
    ];
  },
});

/** All payments, for one partition. */
function payments(partition: number): SeedRecord[] {
  return [...PAYMENTS].map((name) => {
    const id = `payment-${name}`;
    return { key: id, partition, value: { id } satisfies Payment };
  });
}

function partitionsOf(runtime: KafkaWorkerRuntime): number | undefined {
  return runtime.inspect().groups[0]?.partitions.length;
}
