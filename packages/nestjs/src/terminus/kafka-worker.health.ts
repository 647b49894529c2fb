import { ConfigurationError, type ConfigurationMistake } from '@kafka-worker/engine';
import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { checkHealthOptions, type AnyHealthOptions } from './check-options.js';
import { frozen } from './checks/frozen.js';
import { lagging } from './checks/lagging.js';
import { live } from './checks/live.js';
import { ready } from './checks/ready.js';
import { started } from './checks/started.js';
import type { ConnectionView } from './connection-view.js';
import { ConnectionViews } from './connection-views.js';
import type { FrozenOptions, HealthCheckOptions, LaggingOptions, LivenessOptions } from './health-options.js';
import { healthResult } from './health-result.js';
import type { Verdict } from './verdict.js';

const NO_BOUND: ConfigurationMistake = {
  where: 'KafkaWorkerHealthIndicator.isLagging',
  message: 'maxLag and maxAgeMs are missing; give one of them or both',
};

/**
 * How the workers are, for Terminus. Reads what the process knows anyhow; opens no connection and waits for nobody.
 *
 * Each check asks all connections of the application, or one by name. An answer that is not up has `causes`: a list of
 * objects, each with a `cause` of a closed list (see `HealthCause`) and what belongs to it. No answer holds a key or a
 * payload.
 *
 * All of them throw a ConfigurationError where an option is wrong or there is no such connection.
 */
@Injectable()
export class KafkaWorkerHealthIndicator {
  constructor(
    private readonly health: HealthIndicatorService,
    private readonly views: ConnectionViews,
  ) {}

  /** Down only for what a restart of the process mends: see `LivenessCause`. No rebalance, drain or outage does it. */
  isLive<const Key extends string>(key: Key, options: LivenessOptions = {}): HealthIndicatorResult<Key> {
    return this.#check(key, 'isLive', options, (views) => live(views, options));
  }

  /**
   * Up: joined in every group; one without partitions is a standby, which is healthy. Degraded: a join is under way.
   * Down: everything else, from the first line of a shutdown on. See `ReadinessCause`.
   */
  isReady<const Key extends string>(key: Key, options: HealthCheckOptions = {}): HealthIndicatorResult<Key> {
    return this.#check(key, 'isReady', options, ready);
  }

  /** Up once every group has been joined for the first time, and from then on. See `StartupCause`. */
  isStarted<const Key extends string>(key: Key, options: HealthCheckOptions = {}): HealthIndicatorResult<Key> {
    return this.#check(key, 'isStarted', options, started);
  }

  /**
   * Down where a partition that this process holds is further behind than it may be: see `LagCause`. Not for a liveness
   * or readiness probe: a process that is started anew, or gets no traffic, does not catch up any faster.
   */
  isLagging<const Key extends string>(key: Key, options: LaggingOptions): HealthIndicatorResult<Key> {
    const mistakes = options.maxLag === undefined && options.maxAgeMs === undefined ? [NO_BOUND] : [];
    return this.#check(key, 'isLagging', options, (views) => lagging(views, options), mistakes);
  }

  /** Down where something stands still until somebody does something about it: see `FrozenCause`. Not for a probe. */
  isFrozen<const Key extends string>(key: Key, options: FrozenOptions = {}): HealthIndicatorResult<Key> {
    return this.#check(key, 'isFrozen', options, (views) => frozen(views, options));
  }

  #check<const Key extends string>(
    key: Key,
    name: string,
    options: AnyHealthOptions,
    judge: (views: readonly ConnectionView[]) => Verdict,
    others: readonly ConfigurationMistake[] = [],
  ): HealthIndicatorResult<Key> {
    const views = this.views.take();
    const mistakes = [...checkHealthOptions(views, options, `KafkaWorkerHealthIndicator.${name}`), ...others];
    if (mistakes.length > 0) throw new ConfigurationError(mistakes);
    const { connection } = options;
    const asked = views.filter((view) => connection === undefined || view.connection === connection);
    return healthResult(this.health, key, judge(asked));
  }
}
