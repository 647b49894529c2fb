import { Logger, ServiceUnavailableException } from '@nestjs/common';
import type { HealthCheckResult } from '@nestjs/terminus';

/**
 * One line where a probe's answer changes. Terminus' own would be one with every probe, and Kubernetes tells no more of
 * a failed one than its status.
 * @internal
 */
export class ProbeLog {
  readonly #logger = new Logger('KafkaWorkerHealth');
  /** What each probe has said last, without what changes all the time. */
  readonly #said = new Map<string, string>();

  async hear(probe: string, answer: Promise<HealthCheckResult>): Promise<HealthCheckResult> {
    try {
      const result = await answer;
      this.#tell(probe, result);
      return result;
    } catch (error) {
      if (error instanceof ServiceUnavailableException) this.#tell(probe, error.getResponse() as HealthCheckResult);
      throw error;
    }
  }

  #tell(probe: string, { status, details }: HealthCheckResult): void {
    const faults = Object.entries(details ?? {}).filter(([, { status }]) => status !== 'up');
    const names = faults.map(([key, { causes }]) => `${key}${namesOf(causes)}`).join('; ');
    const line = `${probe} is ${status}${names === '' ? '' : `: ${names}`}`;
    const before = this.#said.get(probe);
    if (line === before) return;
    this.#said.set(probe, line);
    if (status === 'ok') {
      if (before !== undefined) this.#logger.log(line);
    } else this.#logger.warn(`${line} ${JSON.stringify(Object.fromEntries(faults))}`);
  }
}

/** Of our own answers; others have no causes. */
function namesOf(causes: unknown): string {
  if (!Array.isArray(causes)) return '';
  return ` ${[...new Set((causes as readonly { cause?: unknown }[]).map(({ cause }) => String(cause)))].join(', ')}`;
}
