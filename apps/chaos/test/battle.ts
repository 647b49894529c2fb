import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { testBrokers, uniqueName } from '@app/kafka-cluster';
import type { AssignmentStrategy } from '@kafka-worker/kafkajs';
import {
  Cell,
  eventually,
  type Entry,
  type Guarantee,
  KafkaView,
  type Kills,
  KillPlan,
  Ledger,
  Load,
  type Moment,
  newSeed,
  type Phase,
  Random,
  readLog,
  type Shape,
} from '../src/index.js';
import { figures, keys } from './scene.js';

/** Cells of a battle, and members of each. Together with those that come and go: twelve processes at once. */
const CELLS = 3;
const MEMBERS = 3;
const PARTITIONS = 6;
/** Records that come to each cell. A second. */
const RATE = 60;
/** How long the cells may take with what is left after the last kill. Milliseconds. */
const REST_MS = 60_000;

/** Where a cell works. */
export interface CellSite {
  readonly topic: string;
  readonly groupId: string;
  /** A file of its own that does not exist yet. */
  readonly log: string;
}

/** A cell when everything is over. */
export interface FoughtCell extends CellSite {
  /** What was written into `log`; empty where nothing was. */
  readonly entries: readonly Entry[];
  /** Of every record, `partition/offset`. */
  readonly names: readonly string[];
  /** What each process was at that was killed. */
  readonly killed: ReadonlyMap<number, Phase>;
  /** What each member said of itself: for finding out why a promise was broken. */
  readonly stories: readonly string[];
}

/** What a battle is. */
export interface BattleOptions {
  readonly kills: Kills;
  /** Of the members. Default: the driver's. */
  readonly assignment?: AssignmentStrategy;
  readonly guarantee: (site: CellSite, brokers: readonly string[]) => Guarantee | Promise<Guarantee>;
  /** Where members stand still, where the plan has that. Default: before and after the effect, and before the commit. */
  readonly standstills?: readonly Moment[];
  /** Default: 24 keys in turn. */
  readonly shape?: (n: number) => Shape;
  /** What goes on beside the kills, until the signal aborts. */
  readonly beside?: (signal: AbortSignal, random: Random) => Promise<void>;
}

/** What a battle came to. */
export interface Outcome {
  readonly seed: number;
  readonly cells: readonly FoughtCell[];
  /** Kills that were made, by phase. */
  readonly kills: Readonly<Partial<Record<Phase, number>>>;
  /** How the members ended that were left. */
  readonly exits: readonly (number | NodeJS.Signals)[];
  /** Members that ended by themselves. */
  readonly accidents: readonly string[];
  /** Milliseconds. */
  readonly fightMs: number;
  readonly restMs: number;
}

/** Kills members of several groups as planned while records keep coming, and waits until every record is settled. */
export async function battle(name: string, options: BattleOptions): Promise<Outcome> {
  const brokers = testBrokers();
  const seed = newSeed();
  const random = new Random(seed);
  const directory = await mkdtemp(join(tmpdir(), 'chaos-'));
  const view = await KafkaView.open(brokers);
  const grounds: Ground[] = [];
  const beside = new AbortController();
  const works: Promise<void>[] = [];
  try {
    for (let n = 0; n < CELLS; n++) {
      grounds.push(await ground(name, join(directory, `effects-${n}`), { view, random, options }));
    }
    const startedAt = Date.now();
    const plan = new KillPlan(options.kills, (phases) => random.shuffled(phases));
    for (const { cell, load } of grounds) {
      cell.start();
      load.steady(RATE);
    }
    const fights = grounds.map(({ cell }) => cell.fight(plan));
    const trouble = options.beside?.(beside.signal, random) ?? Promise.resolve();
    works.push(...fights, trouble);
    await Promise.all(fights);
    beside.abort();
    await trouble;
    await Promise.all(grounds.map(({ load }) => load.end()));
    const foughtAt = Date.now();
    await Promise.all(grounds.map((one) => settled(one, view)));
    const exits = (await Promise.all(grounds.map(({ cell }) => cell.drain()))).flat();
    const cells = grounds.map(({ site, ledger, cell }): FoughtCell => {
      const entries = existsSync(site.log) ? readLog(site.log) : [];
      const stories = cell.members.map(({ pid, story }) => `${story}\n  killed: ${cell.killed.get(pid) ?? 'no'}`);
      return { ...site, names: namesOf(ledger), killed: cell.killed, entries, stories };
    });
    return {
      seed,
      cells,
      kills: countKills(cells),
      exits,
      accidents: grounds.flatMap(({ cell }) => cell.accidents),
      fightMs: foughtAt - startedAt,
      restMs: Date.now() - foughtAt,
    };
  } catch (cause) {
    throw new Error(`the battle of seed ${seed} went wrong`, { cause });
  } finally {
    beside.abort();
    await Promise.all(grounds.map(({ cell }) => cell.end()));
    await Promise.allSettled(works);
    await Promise.all(grounds.map(({ load }) => load.end()));
    await view.close();
    await rm(directory, { recursive: true });
  }
}

interface Ground {
  readonly site: CellSite;
  readonly cell: Cell;
  readonly ledger: Ledger;
  readonly load: Load;
}

interface Making {
  readonly view: KafkaView;
  readonly random: Random;
  readonly options: BattleOptions;
}

async function ground(name: string, log: string, { view, random, options }: Making): Promise<Ground> {
  const brokers = testBrokers();
  const site = { topic: uniqueName(name), groupId: uniqueName(`${name}-group`), log };
  const cellRandom = new Random(random.below(2 ** 32));
  await view.createTopic(site.topic, PARTITIONS);
  const { assignment } = options;
  const guarantee = await options.guarantee(site, brokers);
  const { topic, groupId } = site;
  const cell = new Cell({
    members: MEMBERS,
    partitions: PARTITIONS,
    random: cellRandom,
    standstills: options.standstills ?? ['handler', 'effect', 'commit'],
    asksEverybody: assignment === 'range' || assignment === 'round-robin',
    options: (id) => ({ id, brokers, topic, groupId, guarantee, ...(assignment && { assignment }) }),
  });
  const ledger = new Ledger('key');
  return { site, cell, ledger, load: new Load(brokers, topic, ledger, options.shape ?? keys(24)) };
}

/** Everything that was produced is committed. */
async function settled({ site, ledger, cell, load }: Ground, view: KafkaView): Promise<void> {
  if (load.failed > 0) throw new Error(`${load.failed} sends have failed: what there is in the log is not known`);
  const ends = new Map<number, number>();
  for (const { partition, offset } of ledger.produced) {
    ends.set(partition, Math.max(offset + 1, ends.get(partition) ?? 0));
  }
  let open: string[] = [];
  const look = async (): Promise<boolean> => {
    const committed = await view.committed(site.groupId, site.topic);
    open = [...ends].flatMap(([partition, end]) => {
      const at = committed.get(partition)?.offset;
      return at === end ? [] : [`partition ${partition} is at ${at} of ${end}`];
    });
    return open.length === 0;
  };
  try {
    await eventually('every record is settled', look, REST_MS);
  } catch (cause) {
    const stories = cell.living.map(({ story }) => story);
    throw new Error([`of ${site.groupId} is left:`, ...open, ...stories, ...cell.accidents].join('\n'), { cause });
  }
}

function namesOf({ produced }: Ledger): string[] {
  return produced.map(({ partition, offset }) => `${partition}/${offset}`);
}

function countKills(cells: readonly FoughtCell[]): Partial<Record<Phase, number>> {
  const kills: Partial<Record<Phase, number>> = {};
  for (const { killed } of cells) for (const phase of killed.values()) kills[phase] = (kills[phase] ?? 0) + 1;
  return kills;
}

/** How often each value comes. */
export function times<T>(values: Iterable<T>): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Values that come more than once. */
export function repeated<T>(counts: ReadonlyMap<T, number>): T[] {
  return [...counts].flatMap(([value, count]) => (count > 1 ? [value] : []));
}

/** All kills of a plan or an outcome. */
export function total(kills: Kills): number {
  return Object.values(kills).reduce((sum, count) => sum + count, 0);
}

/** Prints what a battle came to in one line. */
export function report(row: string, outcome: Outcome, counts: Readonly<Record<string, unknown>>): void {
  const { seed, kills, fightMs, restMs } = outcome;
  figures(row, { seed, kills: total(kills), by: kills, ...counts, fightMs, restMs });
}

/** Prints what there is to know of a cell in which records came out wrong. */
export function explain(cell: FoughtCell, wrong: readonly string[]): void {
  if (wrong.length > 0) console.error([`wrong in ${cell.groupId}: ${wrong.join(', ')}`, ...cell.stories].join('\n'));
}

/** Every kill of the plan was made, and nobody ended in any other way than it was told to. */
export function expectFought({ accidents, kills, exits }: Outcome, planned: Kills): void {
  expect(accidents).toEqual([]);
  expect(kills).toEqual(planned);
  expect(exits.filter((exit) => exit !== 0)).toEqual([]);
}
