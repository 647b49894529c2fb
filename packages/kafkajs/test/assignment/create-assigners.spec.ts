import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '@kafka-worker/engine';
import kafkajs, { type Cluster, type Logger, type PartitionAssigner } from 'kafkajs';
import { createAssigners } from '../../src/assignment/create-assigners.js';
import { gated, type ClusterHooks } from '../../src/consumer/join-gate.js';
import { kafkajsDriver, type AssignmentStrategy, type KafkajsDriverOptions } from '../../src/index.js';

const client = { brokers: ['none:1'] };
const config = { cluster: {} as Cluster, groupId: 'g', logger: {} as Logger };
const source = { claims: () => undefined, partitionCounts: async () => new Map<string, number>() };

function names(options: Partial<KafkajsDriverOptions>): string[] {
  return createAssigners({ ...options }, source).map((assigner) => assigner(config).name);
}

describe('the option assignment', () => {
  it('is cooperative, and round robin for whoever knows no better', () => {
    expect(names({})).toEqual(['KafkaWorkerCooperative', 'RoundRobinAssigner']);
    expect(kafkajsDriver({ client }).capabilities.incrementalRebalance).toBe(true);
  });

  it('is one strategy, or several in order', () => {
    expect(names({ assignment: 'range' })).toEqual(['range']);
    expect(names({ assignment: ['sticky', 'range'] })).toEqual(['KafkaWorkerSticky', 'range']);
    expect(kafkajsDriver({ client, assignment: 'range' }).capabilities.incrementalRebalance).toBe(false);
  });

  it('gives way to assigners of kafkajs', () => {
    const own: PartitionAssigner = (given) => ({ ...kafkajs.PartitionAssigners.roundRobin(given), name: 'mine' });
    expect(names({ consumer: { partitionAssigners: [own] } })).toEqual(['mine']);
    expect(names({ consumer: { partitionAssigners: [] } })).toEqual(['RoundRobinAssigner']);
    const { capabilities } = kafkajsDriver({ client, consumer: { partitionAssigners: [own] } });
    expect(capabilities.incrementalRebalance).toBe(false);
  });

  it.each([
    [[], 'an empty list is not allowed'],
    ['roundrobin' as AssignmentStrategy, '"roundrobin" is not allowed; one or more of \'range\''],
    [['sticky', undefined as unknown as AssignmentStrategy], 'undefined is not allowed'],
    [['sticky', 'sticky'], 'a strategy stands in it twice'],
  ] as const)('refuses %j', (assignment, message) => {
    expect(() => kafkajsDriver({ client, assignment })).toThrow(ConfigurationError);
    expect(() => kafkajsDriver({ client, assignment })).toThrow(message);
  });

  it('refuses to stand beside assigners of kafkajs', () => {
    const consumer = { partitionAssigners: [kafkajs.PartitionAssigners.roundRobin] };
    expect(() => kafkajsDriver({ client, consumer, assignment: 'range' })).toThrow('stands beside');
  });
});

describe('the gate', () => {
  it('is attached once, by whichever of the assigners is made first', async () => {
    const passed: string[] = [];
    const hooks = { attached: () => passed.push('attached'), beforeJoin: async () => passed.push('gate') };
    const made = (order: readonly number[]): Cluster => {
      const cluster = {
        findGroupCoordinator: async () => passed.push('coordinator'),
        refreshMetadataIfNecessary: async () => undefined,
        getNodeIds: () => [],
        findBroker: async () => undefined,
      } as unknown as Cluster;
      const assigners = gated(createAssigners({}, source), hooks as unknown as ClusterHooks);
      for (const n of order) assigners[n]?.({ ...config, cluster });
      return cluster;
    };
    for (const order of [[0, 1], [1, 0], [1]]) {
      passed.length = 0;
      await made(order).findGroupCoordinator({ groupId: 'g' });
      expect(passed).toEqual(['attached', 'gate', 'coordinator']);
    }
  });
});
