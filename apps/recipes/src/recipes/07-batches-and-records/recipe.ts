import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { defineRecipe, drawTimeline, table, Telemetry } from '../../harness/index.js';
import { BatchLog } from './batch-log.js';
import { ReadingsModule } from './readings.module.js';
import { ReadingsService, type Reading } from './readings.service.js';

const PARTITIONS = 2;
const SENSORS = 6;
const ROUNDS = 4;

export const batchesAndRecords = defineRecipe({
  id: '07',
  title: 'Batch-level and worker-level together',
  head: {
    order: 'records of one sensor one after the other, sensors independent of each other',
    failure:
      'a batch is over when its last record is settled, retries included; it knows how many attempts have failed',
    speed: "a span for each batch and each record; with spans: 'batch' alone a third of the cost",
    use: 'to see whether time goes into handlers or into waiting for the slowest record of what was fetched together',
  },
  log: 'silent',

  async play(stage) {
    const readings = Array.from({ length: SENSORS * ROUNDS }, (_, i) => {
      const sensor = i % SENSORS;
      // one that cannot be, and one that is only tried again
      const celsius = i === 7 ? -300 : i === 14 ? 120 : 20;
      const value: Reading = { celsius, ms: 5 + sensor * 3 };
      return { key: `sensor-${sensor}`, partition: sensor % PARTITIONS, value };
    });
    await stage.seed({ topic: 'readings', partitions: PARTITIONS, records: readings });

    const { app, close } = await stage.boot(ReadingsModule);
    await stage.settled(readings.length);
    await close();

    const { spans } = app.get(Telemetry, { strict: false });
    const runs = stage.journal.runs();
    return {
      runs,
      records: readings.length,
      stored: app.get(ReadingsService).stored,
      batches: app.get(BatchLog, { strict: false }).batches.map(({ taken, ms, attempts, failed }) => ({
        partition: taken.partition,
        records: taken.count,
        ms: Math.round(ms),
        attempts,
        failed,
      })),
      batchSpans: spans.filter(({ name }) => name === 'receive readings'),
      recordSpans: spans.filter(({ name }) => name === 'process readings'),
      progress: await stage.progress('reading-service', 'readings'),
    };
  },

  show({ runs, batches, batchSpans, recordSpans }) {
    return [
      ...drawTimeline(runs, { line: ({ partition, key }) => `${partition} ${key ?? ''}` }),
      '',
      ...table([
        ['partition', 'records', 'ms', 'attempts', 'failed'],
        ...batches.map(({ partition, records, ms, attempts, failed }) => [partition, records, ms, attempts, failed]),
      ]),
      '',
      `spans of batches: ${batchSpans.length}, with ${links(batchSpans)} links to attempts`,
      `spans of attempts: ${recordSpans.length}, each with a link to its batch, a retry with one to the attempt before`,
    ];
  },
});

function links(spans: readonly ReadableSpan[]): number {
  return spans.reduce((sum, span) => sum + span.links.length, 0);
}
