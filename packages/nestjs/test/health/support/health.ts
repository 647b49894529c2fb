import type { INestApplicationContext } from '@nestjs/common';
import { KafkaWorkerHealthIndicator } from '@kafka-worker/nestjs/terminus';

/** What stands under a key of an answer. */
export interface Said {
  readonly status: string;
  readonly causes?: readonly { readonly cause: string; readonly [detail: string]: unknown }[];
  readonly [detail: string]: unknown;
}

export function healthOf(app: INestApplicationContext): KafkaWorkerHealthIndicator {
  return app.get(KafkaWorkerHealthIndicator, { strict: false });
}

/** The answer of an indicator under `kafka`. */
export function said(result: Record<'kafka', unknown>): Said {
  return result.kafka as Said;
}

export function causesOf(result: Record<'kafka', unknown>): string[] {
  return (said(result).causes ?? []).map(({ cause }) => cause);
}

const PATIENCE_MS = 10_000;

/** Resolves when it holds. Looks again and again, since nothing tells of time that has passed. */
export async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not within ${PATIENCE_MS} ms: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
