import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { InjectKafkaWorker, KafkaWorkerRuntime } from '@kafka-worker/nestjs';

/** Reads the state of the worker, opens no connection. */
@Injectable()
export class KafkaHealthIndicator {
  constructor(
    private readonly health: HealthIndicatorService,
    @InjectKafkaWorker() private readonly runtime: KafkaWorkerRuntime,
  ) {}

  /** Down only where a restart would help: the client gave up. A rebalance or a drain never is. */
  isLive(key: string): HealthIndicatorResult {
    const check = this.health.check(key);
    const crashed = this.runtime.inspect().groups.find((group) => group.state === 'crashed');
    return crashed ? check.down({ group: crashed.groupId, error: crashed.error ?? 'crashed' }) : check.up();
  }

  /** Joined is up, a join under way degraded, all else down; a drain from its first line on. */
  isReady(key: string): HealthIndicatorResult {
    const check = this.health.check(key);
    const { state } = this.runtime;
    if (state !== 'RUNNING') return check.down({ state });
    const groups = this.runtime.inspect().groups.map(({ groupId, state, generation, partitions, error }) => ({
      groupId,
      state,
      generation,
      partitions: partitions.length,
      ...(error === undefined ? {} : { error }),
    }));
    if (groups.length > 0 && groups.every((group) => group.state === 'joined')) return check.up({ groups });
    const passing = groups.every((group) => group.state === 'joined' || group.state === 'rebalancing');
    return passing && groups.length > 0 ? check.degraded({ groups }) : check.down({ groups });
  }
}
