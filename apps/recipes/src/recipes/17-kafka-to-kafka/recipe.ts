import { defineRecipe, drawTimeline, table, type Run } from '../../harness/index.js';
import { OrdersModule } from './orders.module.js';
import { InvoicesReader, ReaderModule } from './reader.module.js';

const ORDERS = 24;
/** One transaction of eight has been committed by then, and there is something after it. */
const SENT_AT_KILL = 12;

export const kafkaToKafka = defineRecipe({
  id: '17',
  title: 'Kafka to Kafka: what is sent and what was read, in one transaction',
  head: {
    order: 'each partition in the order of its log; invoices in the order of their orders',
    failure: 'what a cut off or failed attempt has sent is never read by a reader of the committed; it is made again',
    speed: 'many records share a transaction; readers see its records when it is committed',
    use: 'to make topics from topics: enrich, filter, split, where each result must be there once',
  },
  member: OrdersModule,

  async play(stage) {
    const { journal } = stage;
    for (const topic of ['invoices', 'invoices-plain']) await stage.seed({ topic, partitions: 1, records: [] });
    await stage.seed({
      topic: 'orders',
      partitions: 1,
      records: Array.from({ length: ORDERS }, (_, i) => ({ value: { id: `order-${i}`, amount: 10 * (i + 1) } })),
    });
    const customers = await stage.boot(ReaderModule, 'customers');
    const { invoices, plain } = customers.app.get(InvoicesReader);

    const first = await stage.start('first');
    await stage.appended('invoices-plain', SENT_AT_KILL);
    first.kill();
    await first.exited;
    stage.say(`${stage.since()} ms  kill -9 ${first.pid}`);
    const { ends } = await stage.progress('billing', 'invoices-plain');

    const second = await stage.boot(OrdersModule, 'second');
    const ofOrders = (): Run[] => journal.runs().filter(({ groupId }) => groupId === 'billing');
    await journal.until('every order done', () =>
      ofOrders().some(({ offset, outcome }) => offset === ORDERS - 1 && outcome === 'done'),
    );
    await second.close();
    const sent = (await stage.progress('customers', 'invoices-plain')).ends[0] ?? 0;
    await journal.until('everything read', () => new Set(invoices).size === ORDERS && plain.length === sent);
    await customers.close();

    return {
      runs: ofOrders(),
      // A commit that was under way at the kill counts or not: where the next one begins says which.
      committedByFirst: Math.min(...ofOrders().flatMap(({ member, offset }) => (member === 'second' ? [offset] : []))),
      plainByFirst: ends[0] ?? 0,
      invoices,
      invoicesTwice: twice(invoices),
      plain,
      plainTwice: twice(plain),
      progress: await stage.progress('billing', 'orders'),
    };
  },

  show({ runs, committedByFirst, plainByFirst, invoices, invoicesTwice, plain, plainTwice, progress }) {
    return [
      '',
      ...drawTimeline(runs, { line: ({ member }: Run) => member }),
      '',
      ...table([
        ['sent with', 'left by the killed process', 'read in the end', 'orders with two invoices'],
        ['context.send()', committedByFirst, invoices.length, invoicesTwice.join(' ') || 'none'],
        ['a plain producer', plainByFirst, plain.length, plainTwice.join(' ') || 'none'],
      ]),
      '',
      `orders: ${ORDERS} · committed: ${progress.committed[0]} of ${progress.ends[0]} · lag ${progress.lag}`,
    ];
  },
});

/** Those that are in a list more than once. */
function twice(orders: readonly string[]): string[] {
  return [...new Set(orders.filter((order, index) => orders.indexOf(order) !== index))];
}
