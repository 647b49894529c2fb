import { ConfigurationError } from '@kafka-worker/engine';
import { Inject, Injectable, Optional, ServiceUnavailableException, type OnApplicationBootstrap } from '@nestjs/common';
import {
  HealthCheckService,
  type HealthCheckResult,
  type HealthIndicatorFunction,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { checkHealthOptions } from './check-options.js';
import { ConnectionViews } from './connection-views.js';
import { DEFAULT_KEY, HEALTH_OPTIONS } from './health.constants.js';
import type { KafkaWorkerHealthModuleOptions } from './health-module-options.js';
import { KafkaWorkerHealthIndicator } from './kafka-worker.health.js';
import { ProbeLog } from './probe-log.js';

/** The probes of an orchestrator. */
export type Probe = 'live' | 'ready' | 'startup';

/** Answers the three probes as the module's options say. @internal */
@Injectable()
export class Probes implements OnApplicationBootstrap {
  readonly #log = new ProbeLog();
  readonly #options: KafkaWorkerHealthModuleOptions;

  constructor(
    private readonly health: HealthCheckService,
    private readonly kafka: KafkaWorkerHealthIndicator,
    private readonly views: ConnectionViews,
    @Optional() @Inject(HEALTH_OPTIONS) options?: KafkaWorkerHealthModuleOptions,
  ) {
    this.#options = options ?? {};
  }

  /** A mistake shall stop the boot, not the first probe. */
  onApplicationBootstrap(): void {
    const mistakes = checkHealthOptions(this.views.take(), this.#options, 'KafkaWorkerHealthModule');
    if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  }

  /** @throws ServiceUnavailableException with Terminus' result in it, where something is down. */
  async ask(probe: Probe): Promise<HealthCheckResult> {
    const { indicators, log = true } = this.#options;
    const checks: HealthIndicatorFunction[] = [() => this.#kafka(probe), ...(indicators?.[probe] ?? [])];
    const answer = this.#answer(probe, checks);
    return log ? this.#log.hear(probe, answer) : answer;
  }

  /** Terminus says no to everything once a shutdown is past its first hooks, which is no illness. */
  async #answer(probe: Probe, checks: HealthIndicatorFunction[]): Promise<HealthCheckResult> {
    try {
      return await this.health.check(checks);
    } catch (error) {
      const result =
        error instanceof ServiceUnavailableException ? (error.getResponse() as HealthCheckResult) : undefined;
      const isWell = result?.status === 'shutting_down' && Object.keys(result.error ?? {}).length === 0;
      if (probe === 'ready' || result === undefined || !isWell) throw error;
      return { ...result, status: 'ok' };
    }
  }

  #kafka(probe: Probe): HealthIndicatorResult {
    const { key = DEFAULT_KEY, connection } = this.#options;
    const of = connection === undefined ? {} : { connection };
    switch (probe) {
      case 'live':
        return this.kafka.isLive(key, this.#options);
      case 'ready':
        return this.kafka.isReady(key, of);
      case 'startup':
        return this.kafka.isStarted(key, of);
    }
  }
}
