import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { KafkaWorkerRuntime } from '@kafka-worker/nestjs';

/** Reads what the runtime knows anyhow; opens no connection. */
@Injectable()
export class KafkaHealth {
  constructor(
    private readonly kafka: KafkaWorkerRuntime,
    private readonly health: HealthIndicatorService,
  ) {}

  /** Up as soon as it is a member of its groups, down from the first moment of a shutdown. */
  ready(): HealthIndicatorResult {
    const kafka = this.health.check('kafka');
    const { state, groups, running } = this.kafka.inspect();
    if (state !== 'RUNNING') return kafka.down({ state, running });
    const members = Object.fromEntries(groups.map(({ groupId, state }) => [groupId, state]));
    const states = new Set(Object.values(members));
    if (states.has('crashed') || states.has('connecting')) return kafka.down({ members });
    return states.has('rebalancing') ? kafka.degraded({ members }) : kafka.up({ members });
  }

  /** Down only where the process would have to be started anew. A shutdown is no illness. */
  live(): HealthIndicatorResult {
    const kafka = this.health.check('kafka');
    const crashed = this.kafka.inspect().groups.filter(({ state }) => state === 'crashed');
    return crashed.length === 0 ? kafka.up() : kafka.down({ crashed: crashed.map(({ groupId }) => groupId) });
  }
}
