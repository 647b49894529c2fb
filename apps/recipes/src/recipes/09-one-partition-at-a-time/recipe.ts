import { atOnce, defineRecipe, drawTimeline, outOfOrder, type Run } from '../../harness/index.js';
import { TenantsModule } from './tenants.module.js';
import { TenantsService } from './tenants.service.js';

const TENANTS = 3;
const TABLES = ['users', 'orders', 'items', 'notes'];
const ROWS = 3;

export const onePartitionAtATime = defineRecipe({
  id: '09',
  title: 'One partition at a time, three workers by key',
  head: {
    order: 'one partition is worked on, then the next; within it records of one key one after the other',
    failure: 'three attempts, during which only its key waits; then that key stands still and its partition is passed',
    speed: 'up to three handlers, all in the same partition; each gets a turn, so that none waits for ever',
    use: "when a partition stands for something that is expensive to open: a tenant's database, a region, a lock",
  },

  async play(stage) {
    const rows = Array.from({ length: TENANTS * ROWS }, (_, i) =>
      TABLES.map((table) => ({ partition: i % TENANTS, key: table, value: { table, id: Math.floor(i / TENANTS) } })),
    ).flat();
    await stage.seed({ topic: 'rows', partitions: TENANTS, records: rows });

    const { app, close } = await stage.boot(TenantsModule);
    await stage.settled(rows.length);
    await close();

    const runs = stage.journal.runs();
    return {
      runs,
      atOnce: atOnce(runs),
      partitionsAtOnce: atOnce(runs, ({ partition }) => partition),
      outOfOrder: outOfOrder(runs, laneOf),
      opened: app.get(TenantsService).opened,
      progress: await stage.progress('migration', 'rows'),
    };
  },

  show({ runs, atOnce, partitionsAtOnce, opened, progress }) {
    return [
      ...drawTimeline(runs, { line: (run: Run) => `tenant ${run.partition}`, mark: ({ key }) => key?.[0] ?? '-' }),
      '(u)sers, (o)rders, (i)tems, (n)otes',
      '',
      `handlers at once: ${atOnce} · partitions at once: ${partitionsAtOnce} · opened in turn: ${opened.join(', ')}`,
      `committed: ${progress.committed.join(', ')} of ${progress.ends.join(', ')} · lag ${progress.lag}`,
    ];
  },
});

function laneOf({ partition, key }: Run): string {
  return `${partition} ${key}`;
}
