import { atOnce, defineRecipe, drawTimeline, outOfOrder, type Run } from '../../harness/index.js';
import { OrdersModule } from './orders.module.js';
import { OrdersService, type OrderEvent } from './orders.service.js';

const STATUSES: readonly OrderEvent['status'][] = ['placed', 'paid', 'packed', 'shipped'];
const ORDERS = 6;

export const keyConcurrent = defineRecipe({
  id: '05',
  title: 'Key-concurrent',
  head: {
    order: 'records of one key one after the other, keys independent of each other',
    failure: 'three attempts, during which only its key waits; then that key stands still, the others go on',
    speed: 'as many keys at once as the limit (16 by default), whatever the number of partitions',
    use: 'the usual case: entities with a life of their own, such as orders, accounts, devices',
  },

  async play(stage) {
    // All orders are placed, then all are paid, …: neighbours in the log belong to different orders.
    const events = STATUSES.flatMap((status, step) =>
      Array.from({ length: ORDERS }, (_, order) => ({
        key: `order-${order}`,
        value: { status, ms: 10 + ((order * 7 + step * 11) % 30) } satisfies OrderEvent,
      })),
    );
    await stage.seed({ topic: 'orders', partitions: 2, records: events });

    const { app, close } = await stage.boot(OrdersModule);
    await stage.settled(events.length);
    await close();

    const runs = stage.journal.runs();
    return {
      runs,
      atOnce: atOnce(runs),
      outOfOrder: outOfOrder(runs, keyOf),
      history: Object.fromEntries(app.get(OrdersService).history),
      progress: await stage.progress('order-service', 'orders'),
    };
  },

  show({ runs, atOnce, outOfOrder, progress }) {
    return [
      ...drawTimeline(runs, { line: keyOf }),
      '',
      `keys at once: ${atOnce} · order within each key: ${outOfOrder.length === 0 ? 'kept' : `broken at ${outOfOrder.join(', ')}`}`,
      `committed: ${progress.committed.join(', ')} of ${progress.ends.join(', ')} · lag ${progress.lag}`,
    ];
  },
});

function keyOf({ key }: Run): string {
  return key ?? '';
}
