import type { Reading, Simulation } from '../simulation.js';
import type { HeldPartition } from '../model/held-partition.js';
import { keyOf } from '../model/names.js';
import { groupName, topicName } from '../scenario/scenario.js';
import { act } from './actions.js';
import type { SimProcess } from './sim-process.js';

/** After the script's last action: how long everything has, with handlers that all do their work, to come to rest. */
const CALM_MS = 240_000;
/** How long the rest may take once operators help with what is frozen. */
const HELP_ROUNDS = 40;
const HELP_PAUSE_MS = 10_000;

/** Plays the scenario's actions, then lets everything come to its end and looks whether it does. */
export async function runScript(world: Simulation): Promise<void> {
  world.join();
  for (const action of world.scenario.actions) await act(world, action);
  await comeToRest(world);
  await finish(world);
  await end(world);
}

export function sleep(world: Simulation, ms: number): Promise<void> {
  return new Promise((resolve) => world.clock.setTimer(resolve, ms));
}

/** Faults end, handlers work again: everything goes on by itself but what is paused or frozen. */
async function comeToRest(world: Simulation): Promise<void> {
  world.calm = true;
  world.cluster.faults.clear();
  world.database.faults = [];
  world.history.note('', () => 'the faults end');
  for (const process of world.processes) if (process.alive && process.cutOff) process.setCutOff(false);
  await sleep(world, CALM_MS);
  for (const process of world.processes) if (process.crashed && process.alive) await process.drain();
  if (!world.processes.some((process) => process.state === 'started')) world.join();
  await sleep(world, CALM_MS);
  for (const process of working(world)) {
    for (const partition of process.model.held.values()) checkAtRest(world, process, partition);
    checkMembership(world, process);
  }
}

/** What stands still without a reason that one can name is stuck. */
function checkAtRest(world: Simulation, process: SimProcess, partition: HeldPartition): void {
  const { violations } = world;
  violations.expect(
    !partition.standing,
    'liveness',
    () => `${process.name}: ${partition.name} has not been taken over again`,
  );
  const stands =
    partition.paused ||
    process.model.pausedWorkers.has(partition.workerIndex) ||
    partition.frozen.length > 0 ||
    standsBehind(process, partition);
  const what = `${process.name}: ${partition.name}`;
  const first = partition.first?.record.offset;
  violations.expect(stands || first === undefined, 'liveness', () => `${what} has stood at ${first} for minutes`);
  const last = partition.log.records.at(-1)?.offset ?? -1;
  const behind = partition.log
    .between(partition.position, last + 1)
    .filter(({ offset }) => !partition.wasRestored(offset));
  violations.expect(stands || behind.length === 0, 'liveness', () => `${what} was never offered ${behind[0]?.offset}`);
  if (partition.byHand) return;
  const open = partition.dirtySince !== undefined && !isAllStored(world, partition);
  violations.expect(!open, 'liveness', () => `${what} has not committed what has settled`);
}

/** What became of a transaction in doubt is seen in what is stored. */
function isAllStored(world: Simulation, { worker, group, topic, partition, settled }: HeldPartition): boolean {
  if (worker.delivery !== 'transactional') return false;
  return [...settled].every((offset) => world.isStored(group, topic, partition, offset));
}

/** A serial worker whose record waits, or one whose places or slots others hold, may leave the rest standing. */
function standsBehind(process: SimProcess, partition: HeldPartition): boolean {
  return [...process.model.running].some(
    ({ end, partition: other }) => end === undefined && other.workerIndex === partition.workerIndex,
  );
}

/** Every partition has to be in somebody's hands, and in one process's only. */
function checkMembership(world: Simulation, process: SimProcess): void {
  for (const { group, topic, partitions } of world.readings()) {
    for (let partition = 0; partition < partitions; partition++) {
      const holders = working(world).filter((other) => other.model.find(group, topic, partition) !== undefined);
      world.violations.expect(
        holders.length === 1,
        'liveness',
        () =>
          `${topicName(topic)}/${partition} of ${groupName(group)} is held by ${holders.map(({ name }) => name).join(', ') || 'nobody'} (seen from ${process.name})`,
      );
    }
  }
}

/** Operators resume and unfreeze, and every record comes to its end. */
async function finish(world: Simulation): Promise<void> {
  world.history.note('', () => 'operators help');
  for (const process of working(world)) {
    process.model.pausedWorkers.clear();
    for (const partition of process.model.held.values()) partition.paused = false;
    process.engine.resume();
    for (const { topic, partition } of process.model.held.values()) {
      process.engine.resume({ topic: topicName(topic), partition });
    }
  }
  for (let round = 0; round < HELP_ROUNDS && !isThrough(world); round++) {
    for (const process of working(world)) {
      for (const partition of process.model.held.values()) process.model.unfreeze(partition, true);
      if (process.model.held.size > 0) process.engine.unfreeze({}, { skip: true });
    }
    await sleep(world, HELP_PAUSE_MS);
  }
  for (const { group, topic, partitions } of world.readings()) {
    for (let partition = 0; partition < partitions; partition++) {
      const [first] = world.unaccounted(group, topic, partition);
      world.violations.expect(
        first === undefined,
        'no-loss',
        () => `${first} of ${topicName(topic)}/${partition} was never handled for ${groupName(group)}`,
      );
    }
  }
}

function isThrough(world: Simulation): boolean {
  const held = working(world).flatMap((process) => [...process.model.held.values()]);
  return (
    held.every(({ unsettled }) => unsettled.size === 0) &&
    held.every(isAtEnd) &&
    world
      .readings()
      .every(({ group, topic, partitions }) =>
        Array.from({ length: partitions }, (_, partition) => world.unaccounted(group, topic, partition)).every(
          ({ length }) => length === 0,
        ),
      )
  );
}

function isAtEnd({ log, position }: HeldPartition): boolean {
  return (log.records.at(-1)?.offset ?? -1) < position;
}

/** Every process ends; nothing stays. */
async function end(world: Simulation): Promise<void> {
  const { cluster, violations } = world;
  await Promise.all(world.processes.map((process) => process.drain()));
  for (const reading of world.readings()) {
    const { group, topic, partitions, manual } = reading;
    for (let partition = 0; partition < partitions && !manual; partition++) {
      const last = world.log(topic, partition).records.at(-1)?.offset;
      const stored = cluster.committed(groupName(group), topicName(topic), partition);
      const short = last !== undefined && (stored === undefined || stored.offset <= last);
      violations.expect(
        !short,
        'no-loss',
        () => `${topicName(topic)}/${partition} of ${groupName(group)} ends at ${last}, stored is ${stored?.offset}`,
      );
    }
    checkEffects(world, reading);
    const { members } = cluster.group(groupName(group));
    violations.expect(
      members.length === 0,
      'leak',
      () => `${groupName(group)} has members left: ${members.map((m) => m.memberId).join(', ')}`,
    );
  }
  violations.expect(cluster.consumers().length === 0, 'leak', () => 'clients are left');
}

/** With transactions each record has taken effect once, or was given up once. In a store nothing else comes of it later. */
function checkEffects(world: Simulation, { group, topic, partitions, inStore }: Reading): void {
  const effects = world.effects(group, topic);
  if (effects === undefined) return;
  for (let partition = 0; partition < partitions; partition++) {
    const key = keyOf(group, topic, partition);
    if (world.groups.wasSought(key)) continue;
    for (const { offset } of world.log(topic, partition).records) {
      const count = effects.get(`${key}/${offset}`) ?? 0;
      const outcomes = [...world.groups.outcomes(key, offset)];
      const what = (): string =>
        `${offset} of ${topicName(topic)}/${partition} took effect ${count} times for ${groupName(group)}`;
      world.violations.expect(count <= 1, 'once', what);
      const right = outcomes.join() !== 'done' || count === 1;
      world.violations.expect(right, 'no-loss', () => `${what()}, and is ${outcomes.join()}`);
      world.violations.expect(!inStore || outcomes.length <= 1, 'once', () => `${what()}, and is ${outcomes.join()}`);
    }
  }
}

function working(world: Simulation): SimProcess[] {
  return world.processes.filter((process) => process.state === 'started' && !process.crashed);
}
