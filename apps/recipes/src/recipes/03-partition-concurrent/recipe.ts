import { atOnce, defineRecipe, drawTimeline, outOfOrder, type Run } from '../../harness/index.js';
import { ReadingsModule } from './readings.module.js';
import { ReadingsService } from './readings.service.js';

const PARTITIONS = 4;
const ROUNDS = 6;

export const partitionConcurrent = defineRecipe({
  id: '03',
  title: 'Partition-concurrent',
  head: {
    order: 'each partition in the order of its log, partitions independent of each other',
    failure:
      'three attempts, during which only its partition waits; then that partition stands still, the others go on',
    speed: 'one record per partition at a time: at most as many at once as there are partitions',
    use: 'the default, and what plain Kafka consumers promise: when the order within a partition means something',
  },

  async play(stage) {
    const readings = Array.from({ length: PARTITIONS * ROUNDS }, (_, i) => ({
      partition: i % PARTITIONS,
      value: { meter: `meter-${i % PARTITIONS}`, kwh: i },
    }));
    await stage.seed({ topic: 'readings', partitions: PARTITIONS, records: readings });

    const { app, close } = await stage.boot(ReadingsModule);
    await stage.settled(readings.length);
    await close();

    const runs = stage.journal.runs();
    return {
      runs,
      atOnce: atOnce(runs),
      outOfOrder: outOfOrder(runs, ({ partition }) => partition),
      latest: Object.fromEntries(app.get(ReadingsService).latest),
      progress: await stage.progress('meters', 'readings'),
    };
  },

  show({ runs, atOnce, outOfOrder, progress }) {
    return [
      ...drawTimeline(runs, { line: (run: Run) => `partition ${run.partition}` }),
      '',
      `partitions at once: ${atOnce} · order within each: ${outOfOrder.length === 0 ? 'kept' : `broken at ${outOfOrder.join(', ')}`}`,
      `committed: ${progress.committed.join(', ')} of ${progress.ends.join(', ')} · lag ${progress.lag}`,
    ];
  },
});
