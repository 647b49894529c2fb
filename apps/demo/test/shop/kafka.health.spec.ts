import { describe, expect, it } from '@jest/globals';
import type { EngineSnapshot, KafkaWorkerRuntime } from '@kafka-worker/nestjs';
import { HealthIndicatorService } from '@nestjs/terminus';
import { KafkaHealthIndicator } from '../../src/shop/health/kafka.health.js';

type GroupState = EngineSnapshot['groups'][number]['state'];

function indicator(state: EngineSnapshot['state'], group?: GroupState): KafkaHealthIndicator {
  const groups = group
    ? [{ groupId: 'shop', state: group, generation: 1, memberId: 'm', workers: [], partitions: [] }]
    : [];
  const snapshot: EngineSnapshot = { state, driver: 'none', running: 0, maxConcurrency: undefined, groups };
  return new KafkaHealthIndicator(new HealthIndicatorService(), {
    state,
    inspect: () => snapshot,
  } as unknown as KafkaWorkerRuntime);
}

describe('KafkaHealthIndicator', () => {
  it.each([
    ['RUNNING', 'joined', 'up', 'up'],
    ['RUNNING', 'rebalancing', 'degraded', 'up'],
    ['RUNNING', 'connecting', 'down', 'up'],
    ['RUNNING', 'crashed', 'down', 'down'],
    ['DRAINING', 'joined', 'down', 'up'],
    ['STOPPED', 'stopped', 'down', 'up'],
    ['INITIALIZED', undefined, 'down', 'up'],
  ] as const)('%s and %s: ready %s, live %s', (state, group, ready, live) => {
    expect(indicator(state, group).isReady('kafka').kafka?.status).toBe(ready);
    expect(indicator(state, group).isLive('kafka').kafka?.status).toBe(live);
  });
});
