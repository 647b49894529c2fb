import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { defineRecipe, drawTraces, Telemetry } from '../../harness/index.js';
import { CheckoutsModule } from './checkouts.module.js';
import { ShopService } from './shop.service.js';

const CHECKOUTS = ['c-1', 'c-2', 'c-3'];
const METRICS = /^kafka_worker_(?:records_total|retries_total|handler_duration_seconds_(?:count|sum))\{/;

/** A line of the log, as nestjs-pino writes it. */
export interface LogLine {
  readonly context?: string;
  readonly msg: string;
  readonly record?: Readonly<Record<string, string | number>>;
}

export const observability = defineRecipe({
  id: '06',
  title: 'Worker-level logs, traces, metrics',
  head: {
    order: 'none here; a trace goes from worker to worker, whoever handles what',
    failure: 'an attempt that fails is a span with its error, a line with its record, and a count',
    speed: "about 5 µs a record for a span, most of it the SDK's; metrics and log context under half a microsecond",
    use: 'always in production: what happened to one record, and how all of them are doing',
  },
  log: 'silent',

  async play(stage) {
    for (const topic of ['checkouts', 'receipts']) await stage.seed({ topic, partitions: 2, records: [] });
    const text: string[] = [];
    const { app, close } = await stage.boot(CheckoutsModule, 'app', { line: (line) => text.push(line) });
    const telemetry = app.get(Telemetry, { strict: false });
    for (const id of CHECKOUTS) await app.get(ShopService).checkout({ id, card: `secret-${id}` });
    await stage.settled(CHECKOUTS.length * 2);
    const metrics = await telemetry.registry.metrics();
    await close();

    const isOperation = ({ name }: ReadableSpan): boolean => /^(?:commit|drain|rebalance)/.test(name);
    const { spans } = telemetry;
    return {
      text,
      lines: text.map((line) => JSON.parse(line) as LogLine).filter(({ context }) => context === 'CheckoutsService'),
      traces: spans.filter((span) => !isOperation(span)),
      operations: spans.filter(isOperation),
      metrics: metrics.split('\n').filter((line) => METRICS.test(line) && !line.endsWith(' 0')),
    };
  },

  show({ traces, operations, lines, metrics }) {
    return [
      ...drawTraces(traces),
      '',
      `and a trace each: ${count(operations)}`,
      '',
      ...lines.map(({ msg, record }) => `${msg.padEnd(24)}${JSON.stringify(record)}`),
      '',
      ...metrics,
    ];
  },
});

function count(spans: readonly ReadableSpan[]): string {
  const names = [...new Set(spans.map(({ name }) => name))];
  return names.map((name) => `${spans.filter((span) => span.name === name).length} × ${name}`).join(', ');
}
