import { TransactionError } from '@kafka-worker/engine';
import { KafkajsDriver } from '../../src/index.js';

/** What the loop is told, as JSON in its first argument. */
export interface LoopOptions {
  readonly brokers: readonly string[];
  readonly transactionalId: string;
  readonly groupId: string;
  /** One partition; its numbers are its offsets, none needs to be in it. */
  readonly input: string;
  /** Two partitions; each gets every number. */
  readonly output: string;
}

/**
 * opened   the id is taken over; `next` is the number it begins with
 * did      the transaction with this number is committed
 * fenced   somebody else has the id
 * stopped  as it was asked to
 * failed   with anything else
 */
export type LoopEvent =
  | { readonly type: 'opened'; readonly next: number }
  | { readonly type: 'did'; readonly number: number }
  | { readonly type: 'fenced' }
  | { readonly type: 'stopped' }
  | { readonly type: 'failed'; readonly why: string };

function tell(event: LoopEvent): void {
  process.send?.(event);
}

let stopping = false;
process.on('message', () => (stopping = true));
// The parent is gone: nobody is there who would end this one.
process.on('disconnect', () => process.exit(1));

/** Commits number after number, from the one that the group has committed, until it is killed, fenced or told to stop. */
async function loop({ brokers, transactionalId, groupId, input, output }: LoopOptions): Promise<void> {
  const driver = new KafkajsDriver({ client: { clientId: 'loop', brokers: [...brokers] } });
  const producer = driver.createTransactionalProducer(transactionalId);
  const admin = driver.createAdmin();
  try {
    await producer.open();
    let next = (await admin.committed(groupId, [input]))[0]?.offset ?? 0;
    tell({ type: 'opened', next });
    for (; !stopping; next++) {
      await producer.transact({
        records: [0, 1].map((partition) => ({ topic: output, partition, value: String(next) })),
        groupId,
        offsets: [{ topic: input, partition: 0, offset: next + 1, metadata: `up to ${next}` }],
      });
      tell({ type: 'did', number: next });
    }
    tell({ type: 'stopped' });
  } catch (error) {
    if (error instanceof TransactionError && error.code === 'TRANSACTION_FENCED') tell({ type: 'fenced' });
    else tell({ type: 'failed', why: error instanceof Error ? String(error.stack) : String(error) });
  } finally {
    await Promise.all([producer.close(), admin.close()]);
    process.removeAllListeners('disconnect');
    // Nothing else is left that would keep it alive, or close() has forgotten something.
    process.disconnect();
  }
}

await loop(JSON.parse(process.argv[2] ?? '') as LoopOptions);
