import type { Delivery, EngineEvent, InstrumentedEngine, WorkerInstrumentation } from '@kafka-worker/engine';
import {
  Inject,
  Injectable,
  Optional,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { register, type Registry } from 'prom-client';
import { finalize, type Observable } from 'rxjs';
import { isKafkaWorkerContext } from '../context/kafka-worker.context.js';
import type { KafkaWorkerRuntime } from '../runtime/kafka-worker.runtime.js';
import { Collector, type RecordSeries } from './collector.js';

/** Token under which interceptors that are bound by hand find their options. */
export const KAFKA_METRICS_OPTIONS = 'KAFKA_METRICS_OPTIONS';

/** Options of {@link KafkaMetricsInterceptor}. */
export interface KafkaMetricsOptions {
  /** Where the metrics are registered. Default: prom-client's global registry. */
  readonly registry?: Registry;
  /**
   * Whether lag, oldest unsettled record, freezes, pauses and the size of the done-set have a series for each partition
   * that this process owns. Default true; false: one for each topic, the largest or the sum. The first interceptor of a
   * registry decides.
   */
  readonly partitions?: boolean;
}

/**
 * Metrics of workers for prom-client, every name with the prefix `kafka_worker_` (see docs/observability.md).
 *
 * For all workers: `KafkaWorkerModule.forRoot({ instrumentation: [new KafkaMetricsInterceptor()] })`. For some:
 * `@UseInterceptors(KafkaMetricsInterceptor)`, which sees a worker from its first record on. Both at once count once.
 */
@Injectable()
export class KafkaMetricsInterceptor implements NestInterceptor, WorkerInstrumentation {
  readonly #collector: Collector;
  /** By worker, then by topic: asked for with every record. */
  readonly #series = new Map<string, Map<string, RecordSeries>>();
  readonly #watched = new WeakMap<KafkaWorkerRuntime, Set<string>>();

  /** @param options default: those under the token `KAFKA_METRICS_OPTIONS`, where Nest makes it; else none */
  constructor(@Optional() @Inject(KAFKA_METRICS_OPTIONS) options: KafkaMetricsOptions = {}) {
    const { registry = register, partitions = true } = options ?? {};
    this.#collector = Collector.of(registry, { partitions });
  }

  attached(engine: InstrumentedEngine): void {
    this.#collector.add(engine);
  }

  detached(engine: InstrumentedEngine): void {
    this.#collector.retire(engine);
  }

  attemptEnded(delivery: Delivery, durationMs: number): void {
    const series = this.#seriesOf(delivery.worker, delivery.record.topic, delivery.groupId);
    this.#collector.handlerDuration.observe(series.handler, durationMs / 1000);
    const { queuedMs } = delivery;
    if (queuedMs !== undefined) this.#collector.queueWait.observe(series.queue, queuedMs / 1000);
  }

  event(event: EngineEvent): void {
    this.#collector.event(event);
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const kafka: unknown = context.switchToRpc().getContext();
    if (!isKafkaWorkerContext(kafka)) return next.handle();
    const runtime = kafka.getConsumer();
    if (runtime.instrumentation.some((one) => one instanceof KafkaMetricsInterceptor)) return next.handle();
    this.#watch(runtime, kafka.getWorker());
    const series = this.#seriesOf(kafka.getWorker(), kafka.getTopic(), kafka.getGroupId());
    const queuedMs = kafka.getQueuedMs();
    if (queuedMs !== undefined) this.#collector.queueWait.observe(series.queue, queuedMs / 1000);
    const startedAt = performance.now();
    return next.handle().pipe(
      finalize(() => {
        this.#collector.handlerDuration.observe(series.handler, (performance.now() - startedAt) / 1000);
      }),
    );
  }

  /** What happens to the worker's group and what its partitions hold, from now on. */
  #watch(runtime: KafkaWorkerRuntime, worker: string): void {
    const watched = this.#watched.get(runtime) ?? new Set<string>();
    if (watched.has(worker)) return;
    if (watched.size === 0) {
      this.#watched.set(runtime, watched);
      const stats: InstrumentedEngine['stats'] = () => {
        const { topics, partitions } = runtime.stats();
        const of = (one: { readonly worker: string }): boolean => watched.has(one.worker);
        return { topics: topics.filter(of), partitions: partitions.filter(of) };
      };
      const source = { stats };
      const groups = (): ReadonlySet<string> =>
        new Set(runtime.workers.filter(({ id }) => watched.has(id)).map(({ groupId }) => groupId));
      runtime.instrument({
        attached: () => this.#collector.add(source),
        detached: () => this.#collector.retire(source),
        event: (event) => {
          if (!('groupId' in event) || groups().has(event.groupId)) this.#collector.event(event);
        },
      });
    }
    watched.add(worker);
  }

  #seriesOf(worker: string, topic: string, group: string): RecordSeries {
    let topics = this.#series.get(worker);
    if (topics === undefined) this.#series.set(worker, (topics = new Map<string, RecordSeries>()));
    let series = topics.get(topic);
    if (series === undefined) topics.set(topic, (series = this.#collector.seriesOf(worker, topic, group)));
    return series;
  }
}
