import type { DriverAdmin, OutgoingRecord } from '@kafka-worker/engine';
import { withoutOriginHeaders } from '@kafka-worker/engine';
import { REPLAYED_FROM_HEADER } from '../letters/headers.js';
import type { Found } from '../reading/partition-reading.js';

/** Where a dead letter goes, or why it goes nowhere. */
export type Destination =
  | { readonly ok: true; readonly outgoing: OutgoingRecord }
  | { readonly ok: false; readonly reason: 'foreign' }
  | { readonly ok: false; readonly reason: 'topic-missing'; readonly topic: string };

/** Knows where dead letters go: to their origin, or to one topic for all. */
export class Targets {
  /** Partitions by topic; 0: it does not exist. Asked once in a run. */
  readonly #counts = new Map<string, number>();

  /** @param to undefined: each to its origin */
  constructor(
    private readonly admin: Pick<DriverAdmin, 'partitions'>,
    private readonly to: string | undefined,
  ) {}

  /** Looks up the topics of these. @throws KafkaWorkerError CONNECTION */
  async load(found: readonly Found[]): Promise<void> {
    const topics = new Set(found.map(({ letter }) => this.to ?? letter.origin?.topic));
    const unknown = [...topics].filter((topic) => topic !== undefined).filter((topic) => !this.#counts.has(topic));
    if (unknown.length === 0) return;
    const counts = await this.admin.partitions(unknown);
    for (const topic of unknown) this.#counts.set(topic, counts.get(topic) ?? 0);
  }

  /** After `load`. */
  of({ record, letter }: Found): Destination {
    const { origin } = letter;
    const topic = this.to ?? origin?.topic;
    if (topic === undefined) return { ok: false, reason: 'foreign' };
    const count = this.#counts.get(topic) ?? 0;
    if (count === 0) return { ok: false, reason: 'topic-missing', topic };
    const partition = origin !== undefined && origin.partition < count ? { partition: origin.partition } : {};
    return {
      ok: true,
      outgoing: {
        topic,
        ...partition,
        key: record.key,
        value: record.value,
        headers: {
          ...withoutOriginHeaders(record.headers),
          [REPLAYED_FROM_HEADER]: `${record.topic}/${record.partition}/${record.offset}`,
        },
      },
    };
  }
}
