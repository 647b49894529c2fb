import type { HeldPartition } from '../model/held-partition.js';
import type { Simulation } from '../simulation.js';
import type { OutgoingRecord } from '@kafka-worker/engine';
import { type Action, groupName, type Key, topicName, workerName } from '../scenario/scenario.js';
import type { SimProcess } from './sim-process.js';
import { sleep } from './script.js';

/** Does one action. What it asks of a process that is not there is left out. */
export async function act(world: Simulation, action: Action): Promise<void> {
  if (action.type === 'wait') return sleep(world, action.ms);
  world.history.note('', () => JSON.stringify(action));
  switch (action.type) {
    case 'produce':
      return produce(world, action);
    case 'gap': {
      const { topic, partition } = place(world, action);
      return world.cluster.skipOffsets(topicName(topic), partition, action.count);
    }
    case 'retention':
      return retention(world, action);
    case 'compact': {
      const { topic, partition } = place(world, action);
      world.cluster.compact(topicName(topic), partition);
      const left = world.cluster.records(topicName(topic), partition).map(({ offset }) => offset);
      return world.log(topic, partition).keep(new Set(left));
    }
    case 'transaction':
      void transaction(world, action);
      return;
    case 'join':
      if (started(world).length < 4) world.join();
      return;
    case 'leave':
      void chosen(world, action)?.drain();
      return;
    case 'kill':
      chosen(world, action)?.kill();
      return;
    case 'cut-off':
      chosen(world, action)?.setCutOff(true);
      return;
    case 'back':
      chosen(world, action)?.setCutOff(false);
      return;
    case 'expire':
      chosen(world, action)?.expire();
      return;
    case 'move-coordinator':
      world.membershipsAreInDoubt = true;
      return world.cluster.faults.moveCoordinator(groupName(action.group), { forMs: action.ms });
    case 'pass-generation':
      world.membershipsAreInDoubt = true;
      return world.cluster.faults.fenceGeneration(groupName(action.group));
    case 'drop-connection':
      return chosen(world, action)?.dropConnections(action.lost, action.ms);
    case 'redeliver':
      return world.cluster.faults.redeliverAfterJoin(action.on);
    case 'transaction-fault':
      return transactionFault(world, action);
    case 'store-fault':
      world.database.faults.push(...Array.from({ length: action.times }, () => action.fault));
      return;
    case 'produce-fault':
      return produceFault(world, action);
    case 'commit-fault':
      return commitFault(world, action);
    case 'pause':
    case 'resume':
      return pause(world, action);
    case 'seek':
      return seek(world, action);
    case 'skip': {
      const [process, partition] = held(world, action, isFrozen);
      if (process === undefined || partition === undefined) return;
      const expected = process.model.skipByHand(partition);
      const told = process.engine.skip(target(partition));
      world.violations.expect(
        told === expected,
        'truth',
        () => `${process.name} skips ${told} of ${partition.name}, it should be ${expected}`,
      );
      return;
    }
    case 'unfreeze': {
      const [process, partition] = held(world, action, isFrozen);
      if (process === undefined || partition === undefined) return;
      process.model.unfreeze(partition, action.skip);
      return process.engine.unfreeze(target(partition), { skip: action.skip });
    }
  }
}

function produce(world: Simulation, action: Extract<Action, { type: 'produce' }>): void {
  const { topic, partition } = place(world, action);
  const written = world.cluster.produce(recordsOf(action.keys, topic, partition));
  const log = world.log(topic, partition);
  written.forEach(({ offset }, i) => log.add({ topic, partition, offset, key: action.keys[i] ?? null }));
}

/** Its records are there from its commit on; of an aborted one only offsets remain. */
async function transaction(world: Simulation, action: Extract<Action, { type: 'transaction' }>): Promise<void> {
  const { topic, partition } = place(world, action);
  const open = world.cluster.beginTransaction(`transaction-${++world.transactions}`);
  const written = open.produce(recordsOf(action.keys, topic, partition));
  if (action.ms > 0) await sleep(world, action.ms);
  open[action.end]();
  if (action.end === 'abort') return;
  const log = world.log(topic, partition);
  const left = new Set(world.cluster.records(topicName(topic), partition).map(({ offset }) => offset));
  written.forEach(({ offset }, i) => {
    if (left.has(offset)) log.add({ topic, partition, offset, key: action.keys[i] ?? null });
  });
}

function recordsOf(keys: readonly Key[], topic: number, partition: number): OutgoingRecord[] {
  return keys.map((key) => ({
    topic: topicName(topic),
    partition,
    key: key === null ? null : `k${key}`,
    value: 'x'.repeat(100),
  }));
}

function retention(world: Simulation, action: Extract<Action, { type: 'retention' }>): void {
  const { topic, partition } = place(world, action);
  const { high } = world.cluster.range(topicName(topic), partition);
  const before = Math.max(0, high - action.keep);
  world.membershipsAreInDoubt = true;
  world.cluster.deleteRecordsBefore(topicName(topic), partition, before);
  world.log(topic, partition).removeBefore(before);
}

function commitFault(world: Simulation, { fault, times }: Extract<Action, { type: 'commit-fault' }>): void {
  const { faults } = world.cluster;
  // what a drain cannot commit in time may cost a process its membership
  world.membershipsAreInDoubt = true;
  switch (fault) {
    case 'refused':
      return faults.commit({ times });
    case 'answer-lost':
      return faults.commit({ times, answerLost: true });
    case 'slow-request':
      return faults.commit({ times, requestDelayMs: 700 });
    case 'slow-answer':
      return faults.commit({ times, answerDelayMs: 2_500 });
    case 'too-large':
      world.mapsMayBeLost = true;
      return faults.commit({ times, code: 'COMMIT_METADATA_TOO_LARGE' });
    case 'stale':
      return faults.commit({ times, code: 'COMMIT_STALE' });
  }
}

function transactionFault(world: Simulation, { fault, times }: Extract<Action, { type: 'transaction-fault' }>): void {
  const { faults } = world.cluster;
  // what a drain cannot commit in time may cost a process its membership
  world.membershipsAreInDoubt = true;
  switch (fault) {
    case 'refused':
      return faults.transaction({ times });
    case 'request-lost':
      return faults.transaction({ times, lost: 'request' });
    case 'answer-lost':
      return faults.transaction({ times, lost: 'answer' });
    case 'slow':
      return faults.transaction({ times, commitDelayMs: 700 });
  }
}

function produceFault(world: Simulation, { fault, times }: Extract<Action, { type: 'produce-fault' }>): void {
  const { faults } = world.cluster;
  switch (fault) {
    case 'refused':
      return faults.produce({ times });
    case 'answer-lost':
      return faults.produce({ times, answerLost: true });
    case 'slow':
      // a transaction that takes its time is no sign of life
      world.membershipsAreInDoubt = true;
      return faults.produce({ times, delayMs: 3_000 });
  }
}

function pause(world: Simulation, action: Extract<Action, { type: 'pause' | 'resume' }>): void {
  const process = chosen(world, action);
  if (process === undefined || process.crashed) return;
  const paused = action.type === 'pause';
  if (action.scope === 'worker') {
    const index = action.nth % world.scenario.workers.length;
    if (process.engine.inspect().groups.length === 0) return; // not started yet
    if (paused) process.model.pausedWorkers.add(index);
    else {
      process.model.pausedWorkers.delete(index);
      for (const one of process.model.held.values()) if (one.workerIndex === index) one.paused = false;
    }
    return process.engine[action.type]({ worker: workerName(index) });
  }
  const [, partition] = held(world, action);
  if (partition === undefined) return;
  partition.paused = paused;
  process.engine[action.type](target(partition));
}

function seek(world: Simulation, action: Extract<Action, { type: 'seek' }>): void {
  const [process, partition] = held(world, action);
  if (process === undefined || partition === undefined) return;
  const { low, high } = world.cluster.range(topicName(partition.topic), partition.partition);
  const offset = low + Math.round((high - low) * action.share);
  // it may be handed over meanwhile, or its commit refused: both are told to whoever asked
  process.engine.seek(target(partition), offset).catch(() => undefined);
}

function target({ group, topic, partition }: HeldPartition): { groupId: string; topic: string; partition: number } {
  return { groupId: groupName(group), topic: topicName(topic), partition };
}

function place(world: Simulation, action: { topic: number; partition: number }): { topic: number; partition: number } {
  const { partitions } = world.scenario.cluster;
  const topic = action.topic % partitions.length;
  return { topic, partition: action.partition % (partitions[topic] ?? 1) };
}

function started(world: Simulation): SimProcess[] {
  return world.processes.filter((process) => process.state === 'started');
}

function chosen(world: Simulation, { process }: { process: number }): SimProcess | undefined {
  const list = started(world);
  return list[process % list.length];
}

/** @param likely where there are such partitions, it is one of them. */
function held(
  world: Simulation,
  action: { process: number; nth: number },
  likely: (partition: HeldPartition) => boolean = () => true,
): [SimProcess | undefined, HeldPartition | undefined] {
  const process = chosen(world, action);
  // while it works out its next assignment nobody outside can tell what it holds
  if (process === undefined || process.crashed || process.model.assigning.size > 0) return [undefined, undefined];
  const partitions = [...process.model.held.values()].filter((partition) => !process.model.left.has(partition.group));
  const some = partitions.some(likely) ? partitions.filter(likely) : partitions;
  return [process, some[action.nth % some.length]];
}

/** What operators look at first. */
function isFrozen({ frozen }: HeldPartition): boolean {
  return frozen.length > 0;
}
