import { KafkaWorkerError, type DriverAdmin } from '@kafka-worker/engine';

/** How long a count is believed. Milliseconds. */
const MAX_AGE_MS = 300_000;
/** How long a topic that was not found is asked for again: right after it was made not every broker knows it. */
const PATIENCE_MS = 2000;
const RETRY_MS = 100;

/** How many partitions topics have; asked once and remembered. */
export class PartitionCounts {
  private readonly counts = new Map<string, { readonly count: number; until: number }>();
  private readonly asking = new Map<string, Promise<void>>();

  constructor(private readonly admin: Pick<DriverAdmin, 'partitions'>) {}

  /** Undefined: not known, or too old. */
  known(topic: string): number | undefined {
    const entry = this.counts.get(topic);
    return entry && entry.until > Date.now() ? entry.count : undefined;
  }

  /** Asks the cluster. Throws TOPIC_MISSING. */
  load(topic: string): Promise<void> {
    let asking = this.asking.get(topic);
    if (!asking) {
      asking = this.ask(topic).finally(() => this.asking.delete(topic));
      this.asking.set(topic, asking);
    }
    return asking;
  }

  /** The last count there was. Throws where the topic was never looked up. */
  count(topic: string): number {
    const entry = this.counts.get(topic);
    if (!entry) throw new Error(`partitions of ${topic} were not loaded`);
    return entry.count;
  }

  /** The topic may have changed: asked for again by the next call. */
  doubt(topic: string): void {
    const entry = this.counts.get(topic);
    if (entry) entry.until = 0;
  }

  private async ask(topic: string): Promise<void> {
    for (const until = Date.now() + PATIENCE_MS; ;) {
      const count = (await this.admin.partitions([topic])).get(topic);
      if (count !== undefined && count > 0) {
        this.counts.set(topic, { count, until: Date.now() + MAX_AGE_MS });
        return;
      }
      if (Date.now() >= until) throw new KafkaWorkerError('TOPIC_MISSING', `no such topic: ${topic}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
