import { defineRecipe, drawTimeline, table, type Run } from '../../harness/index.js';
import { PaymentsModule } from './payments.module.js';

const PAYMENTS = 12;
/** Its row is written when the process is killed, its transaction is open. */
const CUT_OFF = 5;
/** Enough to be killed in. */
const SLOW_MS = 700;

/** What became of a payment. */
export interface PaymentFate {
  readonly payment: string;
  readonly first: 'committed' | 'cut off after its INSERT' | 'not begun';
  readonly next: 'not delivered' | 'delivered again' | 'delivered';
  readonly rows: number;
}

export const exactlyOncePerRecord = defineRecipe({
  id: '10',
  title: 'Exactly once: a database transaction for each record',
  head: {
    order: 'each partition in the order of its log (here: one partition), in the next member as well',
    failure: 'row and offset are committed as one or not at all, after kill -9 too; what is beside them may come twice',
    speed: 'one transaction per record: as fast as the database commits, times the partitions or keys at once',
    use: 'when the effect is in a database of yours and must be there once: ledgers, balances, stock',
  },
  member: PaymentsModule,

  async play(stage) {
    const { journal } = stage;
    const database = await stage.database();
    stage.say(`${stage.since()} ms  ${database.name}`);
    // Without a key: what is written twice is there twice.
    await database.query('CREATE TABLE ledger (payment text NOT NULL, amount integer NOT NULL)');
    await stage.seed({ topic: 'receipts', partitions: 1, records: [] });
    await stage.seed({
      topic: 'payments',
      partitions: 1,
      records: Array.from({ length: PAYMENTS }, (_, i) => ({
        value: { id: `payment-${i}`, amount: 10 * (i + 1), ms: i === CUT_OFF ? SLOW_MS : 20 },
      })),
    });

    const first = await stage.start('first');
    // The receipt goes out after the INSERT and before the commit.
    await stage.appended('receipts', CUT_OFF + 1);
    first.kill();
    await first.exited;
    stage.say(`${stage.since()} ms  kill -9 ${first.pid}, between the INSERT of payment-${CUT_OFF} and its COMMIT`);
    const rowsAtKill = await database.query('SELECT payment FROM ledger');
    const kafkaAtKill = (await stage.progress('ledger', 'payments')).committed[0] ?? 0;

    const second = await stage.boot(PaymentsModule, 'second');
    const done = (): Set<number> =>
      new Set(journal.runs().flatMap(({ outcome, offset }) => (outcome === 'done' ? [offset] : [])));
    await journal.until('every payment done', () => done().has(PAYMENTS - 1));
    await second.close();

    const runs = journal.runs();
    const rows = await database.query<{ payment: string }>('SELECT payment FROM ledger');
    const fates = Array.from({ length: PAYMENTS }, (_, offset): PaymentFate => {
      const of = (member: string): Run[] => runs.filter((run) => run.member === member && run.offset === offset);
      const [before] = of('first');
      const again = of('second').length > 0;
      return {
        payment: `payment-${offset}`,
        first:
          before === undefined ? 'not begun' : before.outcome === 'done' ? 'committed' : 'cut off after its INSERT',
        next: !again ? 'not delivered' : before === undefined ? 'delivered' : 'delivered again',
        rows: rows.filter(({ payment }) => payment === `payment-${offset}`).length,
      };
    });
    return {
      runs,
      fates,
      rowsAtKill: rowsAtKill.length,
      kafkaAtKill,
      rows: rows.length,
      receipts: (await stage.progress('none', 'receipts')).ends[0] ?? 0,
      progress: await stage.progress('ledger', 'payments'),
    };
  },

  show({ runs, fates, rowsAtKill, kafkaAtKill, rows, receipts, progress }) {
    const isOnce = fates.every((fate) => fate.rows === 1);
    const kinds = [...new Map(fates.map((fate) => [`${fate.first} ${fate.next}`, fate])).values()];
    return [
      '',
      ...drawTimeline(runs, { line: ({ member }: Run) => member }),
      '',
      ...table([
        ['in the killed process', 'in the next', 'payments', 'rows'],
        ...kinds.map(({ first, next }) => {
          const alike = fates.filter((fate) => fate.first === first && fate.next === next);
          return [first, next, alike.length, alike.reduce((sum, fate) => sum + fate.rows, 0)];
        }),
      ]),
      '',
      `at the kill: ${rowsAtKill} rows in the database, offset ${kafkaAtKill} in Kafka: the next member asks the database`,
      `rows: ${rows} for ${fates.length} payments, ${isOnce ? 'each once' : 'NOT each once'} · receipts, sent beside the transaction: ${receipts}`,
      `committed: ${progress.committed[0]} of ${progress.ends[0]} · lag ${progress.lag}`,
    ];
  },
});
