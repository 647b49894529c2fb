import { atOnce, defineRecipe, drawTimeline, outOfOrder, recordName, type Run } from '../../harness/index.js';
import { InvoicesModule } from './invoices.module.js';
import { InvoicesService } from './invoices.service.js';

export const oneByOne = defineRecipe({
  id: '01',
  title: 'One by one, failures logged and committed',
  head: {
    order: 'the whole worker handles one record at a time; each partition in the order of its log',
    failure: 'logged and committed, the next record follows; nothing is tried again',
    speed: 'one record at a time, however many partitions there are',
    use: "when side effects must not overlap, and a failed record is somebody else's business",
  },

  async play(stage) {
    const invoices = Array.from({ length: 12 }, (_, i) => ({
      partition: i % 2,
      value: { id: `inv-${i}`, amount: i === 3 || i === 8 ? -5 : 10 * (i + 1) },
    }));
    await stage.seed({ topic: 'invoices', partitions: 2, records: invoices });

    const { app, close } = await stage.boot(InvoicesModule);
    await stage.settled(invoices.length);
    await close();

    const runs = stage.journal.runs();
    return {
      runs,
      atOnce: atOnce(runs),
      outOfOrder: outOfOrder(runs, ({ partition }) => partition),
      booked: app.get(InvoicesService).booked,
      skipped: stage.journal
        .told('record.settled')
        .filter(({ disposition }) => disposition === 'skipped')
        .map((event) => ({ record: recordName(event), error: event.error })),
      progress: await stage.progress('accounting', 'invoices'),
    };
  },

  show({ runs, atOnce, booked, skipped, progress }) {
    return [
      ...drawTimeline(runs, { line: (run: Run) => `partition ${run.partition}` }),
      '',
      `at once: ${atOnce} · booked: ${booked.length} · logged and passed: ${skipped.map(({ record, error }) => `${record} (${error})`).join(', ')}`,
      `committed: ${progress.committed.join(', ')} of ${progress.ends.join(', ')} · lag ${progress.lag}`,
    ];
  },
});
