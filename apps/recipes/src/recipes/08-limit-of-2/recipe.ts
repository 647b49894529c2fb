import { atOnce, defineRecipe, drawTimeline, outOfOrder, type Run } from '../../harness/index.js';
import { TicketsModule } from './tickets.module.js';
import { TicketsService } from './tickets.service.js';

const GUESTS = ['ada', 'ben', 'cleo', 'dan', 'eve'];
const SEATS = 3;

export const limitOf2 = defineRecipe({
  id: '08',
  title: 'A limit of 2',
  head: {
    order: 'records of one key one after the other',
    failure: 'three attempts; a record that waits for its next one leaves its place to another key',
    speed: 'never more than two handlers in this process, over all partitions',
    use: 'when something behind the handler has room for few: two printers, two connections, a licence for two',
  },

  async play(stage) {
    const tickets = Array.from({ length: SEATS }, (_, seat) =>
      GUESTS.map((guest) => ({ key: guest, value: { guest, seat, jams: guest === 'cleo' && seat === 0 } })),
    ).flat();
    await stage.seed({ topic: 'tickets', partitions: 3, records: tickets });

    const { app, close } = await stage.boot(TicketsModule);
    await stage.settled(tickets.length);
    await close();

    const runs = stage.journal.runs();
    return {
      runs,
      atOnce: atOnce(runs),
      outOfOrder: outOfOrder(runs, keyOf),
      printed: app.get(TicketsService).printed,
      failures: stage.journal.told('record.failed').map(({ error }) => error),
      progress: await stage.progress('printing', 'tickets'),
    };
  },

  show({ runs, atOnce, printed, failures, progress }) {
    return [
      ...drawTimeline(runs, { line: keyOf }),
      '',
      `at once: ${atOnce} · printed: ${printed.length} · failed and tried again: ${failures.join(', ')}`,
      `committed: ${progress.committed.join(', ')} of ${progress.ends.join(', ')} · lag ${progress.lag}`,
    ];
  },
});

function keyOf({ key }: Run): string {
  return key ?? '';
}
