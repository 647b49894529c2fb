import { setTimeout } from 'node:timers/promises';
import { now } from '../../harness/index.js';

/** One answer of the three probes. */
export interface ProbeAnswer {
  readonly at: number;
  /** HTTP status; 0 where nobody answers any more. */
  readonly startup: number;
  readonly ready: number;
  readonly live: number;
  readonly body: string;
  /** What readiness names where it says no. */
  readonly causes: readonly string[];
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
    const paths = ['startup', 'ready', 'live'].map((path) => fetch(`${url}/health/${path}`));
    const [startup, ready, live] = (await Promise.all(paths)) as [Response, Response, Response];
    const body = await ready.text();
    await Promise.all([startup.text(), live.text()]);
    const statuses = { startup: startup.status, ready: ready.status, live: live.status };
    return { at: now(), ...statuses, body, causes: causesOf(body) };
  } catch {
    return { at: now(), startup: 0, ready: 0, live: 0, body: '', causes: [] };
  }
}

function causesOf(body: string): string[] {
  const { details } = JSON.parse(body) as { details: { kafka: { causes?: { cause: string }[] } } };
  return (details.kafka.causes ?? []).map(({ cause }) => cause);
}
