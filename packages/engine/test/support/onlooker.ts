import type {
  AttemptScope,
  BatchScope,
  Delivery,
  InstrumentedEngine,
  OutgoingRecord,
  SendScope,
  TakenBatch,
  WorkerInstrumentation,
} from '../../src/index.js';

/** An instrumentation that writes down what it is told, and knows its own scopes again. */
export class Onlooker implements WorkerInstrumentation {
  readonly told: string[] = [];
  engine: InstrumentedEngine | undefined;

  /** @param name stands in front of every line @param trace what its attempts say that they belong to */
  constructor(
    readonly name: string = '',
    readonly trace?: string,
  ) {}

  attached(engine: InstrumentedEngine): void {
    this.engine = engine;
    this.told.push('attached');
  }

  detached(): void {
    this.told.push('detached');
  }

  attempt(delivery: Delivery, batch: BatchScope | undefined): AttemptScope {
    const at = `${delivery.record.offset}#${delivery.attempt}`;
    this.told.push(`attempt ${at}${batch instanceof Batch && batch.by === this ? ` of batch ${batch.first}` : ''}`);
    const { told, trace } = this;
    return {
      by: this,
      traceId: trace,
      run: (handle) => {
        told.push(`${this.name}in ${at}`);
        const result = handle();
        told.push(`${this.name}out ${at}`);
        return result;
      },
      resume: (work) => {
        told.push(`${this.name}back in ${at}`);
        const result = work();
        told.push(`${this.name}back out ${at}`);
        return result;
      },
      ended: (error) => void told.push(`ended ${at}${error ? `: ${error.message}` : ''}`),
    };
  }

  attemptEnded(delivery: Delivery, durationMs: number, error: Error | undefined): void {
    const queued = delivery.queuedMs === undefined ? '' : `, queued ${delivery.queuedMs}`;
    this.told.push(`took ${delivery.record.offset} ${durationMs}${queued}${error ? ` ${error.name}` : ''}`);
  }

  batch({ firstOffset, count }: TakenBatch): BatchScope {
    this.told.push(`batch ${firstOffset}+${count}`);
    return new Batch(this, firstOffset);
  }

  sending(records: readonly OutgoingRecord[], during: AttemptScope | undefined): SendScope {
    const own = during?.by === this;
    this.told.push(`sending ${records.map(({ topic }) => topic).join()}${own ? ' of its attempt' : ''}`);
    const mark = `${this.name}mark`;
    return {
      records: records.map((record) => ({ ...record, headers: { ...record.headers, [mark]: 'yes' } })),
      ended: (error) => void this.told.push(`sent${error ? `: ${error.message}` : ''}`),
    };
  }
}

class Batch implements BatchScope {
  constructor(
    readonly by: Onlooker,
    readonly first: number,
  ) {}

  ended(): void {
    this.by.told.push(`batch ${this.first} over`);
  }
}
