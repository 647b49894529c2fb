import { setTimeout } from 'node:timers/promises';
import { now } from '../../harness/index.js';

/** One answer of a probe. */
export interface ProbeAnswer {
  readonly at: number;
  /** HTTP status; 0 where nobody answers any more. */
  readonly ready: number;
  readonly live: number;
  readonly body: string;
}

/** Asks as Kubernetes does, only more often, until nobody answers any more. */
export async function probe(url: string, hear: (answer: ProbeAnswer) => void): Promise<void> {
  for (;;) {
    const answer = await ask(url);
    hear(answer);
    if (answer.ready === 0) return;
    await setTimeout(10);
  }
}

async function ask(url: string): Promise<ProbeAnswer> {
  try {
    const [ready, live] = await Promise.all([fetch(`${url}/health/ready`), fetch(`${url}/health/live`)]);
    const body = await ready.text();
    await live.text();
    return { at: now(), ready: ready.status, live: live.status, body };
  } catch {
    return { at: now(), ready: 0, live: 0, body: '' };
  }
}
