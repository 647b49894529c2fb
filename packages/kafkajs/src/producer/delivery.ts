import type { RecordMetadata } from '@kafka-worker/engine';

/** One `send`: settles when every one of its records has, so that nothing of it is under way after a rejection. */
export class Delivery {
  readonly promise: Promise<RecordMetadata[]>;
  private readonly results: RecordMetadata[];
  private open: number;
  private failure: Error | undefined;
  private resolve!: (results: RecordMetadata[]) => void;
  private reject!: (error: Error) => void;

  constructor(records: number) {
    this.open = records;
    this.results = new Array<RecordMetadata>(records);
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    if (records === 0) this.resolve(this.results);
  }

  acknowledged(index: number, metadata: RecordMetadata): void {
    this.results[index] = metadata;
    this.settled();
  }

  failed(error: Error): void {
    this.failure ??= error;
    this.settled();
  }

  private settled(): void {
    if (--this.open > 0) return;
    if (this.failure) this.reject(this.failure);
    else this.resolve(this.results);
  }
}
