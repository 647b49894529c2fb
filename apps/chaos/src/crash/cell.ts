import { eventually, pause } from '../waiting.js';
import type { CrashMemberOptions } from './member-options.js';
import type { Hold, Moment } from './moments.js';
import { GIVING, type KillPlan, MOMENT_OF, type Phase, TAKING } from './phases.js';
import type { Random } from './random.js';
import { Victim } from './victim.js';

/** Share of the rounds in which two members are killed at once. */
const PAIRS = 0.6;
/** Phases in which a handler runs, and the share of their kills that come only after a further commit of the member. */
const LINGERING: readonly Phase[] = ['in', 'after', 'drain'];
const LINGER = 0.5;
/** How often a moment may come and go before a member is held in it. */
const MOST_PASSED = 5;
/** Random kills come this long after a member's start, or after its group has come to rest, at the latest. Milliseconds. */
const START_MS = 2_000;
const WORK_MS = 400;
/** How long a group may take to come to rest. Milliseconds. */
const REST_MS = 60_000;
/** How long a member may take to end by itself. Milliseconds. */
const END_MS = 40_000;

/** What a cell is made with. */
export interface CellInit {
  /** How many members it has between the kills. */
  readonly members: number;
  /** Of its topic. */
  readonly partitions: number;
  readonly random: Random;
  /** Where members stand still. */
  readonly standstills: readonly Moment[];
  /** In each join every member is asked for what it has: the assignment is an eager one. */
  readonly asksEverybody: boolean;
  options(id: string): CrashMemberOptions;
}

/** One group of members, of which again and again one or two are killed and started anew while the others go on. */
export class Cell {
  /** Of each kill, by the process id: what the member was at. */
  readonly killed = new Map<number, Phase>();
  /** Members that ended without being told to. */
  readonly accidents: string[] = [];
  /** Everybody that ever was in it, in the order of their starts. */
  readonly members: Victim[] = [];
  readonly #living = new Set<Victim>();
  readonly #init: CellInit;
  /** Kills of members that give partitions back, which wait until nobody else is being killed. */
  readonly #giving: Moment[] = [];
  #joiners = 0;
  #over = false;

  constructor(init: CellInit) {
    this.#init = init;
  }

  get living(): readonly Victim[] {
    return [...this.#living];
  }

  start(): void {
    for (let n = 0; n < this.#init.members; n++) this.#start(`member-${n}`);
  }

  /** Takes kills from the plan until there are none. @throws Error where a member does not come to where it is waited for. */
  async fight(plan: KillPlan): Promise<void> {
    const { random } = this.#init;
    for (;;) {
      const phases = plan.take(random.next() < PAIRS ? 2 : 1);
      if (phases.length === 0) return;
      await this.#rest();
      const victims = random.shuffled(this.living);
      await Promise.all(phases.map((phase, i) => this.#strike(phase, victims[i] as Victim)));
      while (this.#giving.length > 0) await this.#strikeWhoGives(this.#giving.pop() as Moment);
    }
  }

  /** SIGTERM to all, once the last one started is there to hear it. @returns how each has ended. */
  async drain(): Promise<(number | NodeJS.Signals)[]> {
    await this.#rest();
    return Promise.all(
      this.living.map(async (member) => {
        const timer = setTimeout(() => void member.kill(), END_MS);
        member.terminate();
        const ended = await member.exited;
        clearTimeout(timer);
        return ended;
      }),
    );
  }

  /** Kills what still runs; nothing is started any more. */
  async end(): Promise<void> {
    this.#over = true;
    await Promise.all(this.living.map((member) => member.kill()));
  }

  async #strike(phase: Phase, victim: Victim): Promise<void> {
    if (phase === 'random') return this.#strikeAtRandom(victim);
    if (phase === 'rebalance') return this.#strikeInRebalance(victim);
    if (phase === 'stopped') return this.#strikeAfterStandstill(victim);
    await victim.held(this.#hold(phase === 'drain' ? 'handler' : MOMENT_OF[phase]));
    // What is committed of others meanwhile must not be committed of this one.
    if (LINGERING.includes(phase) && this.#init.random.next() < LINGER) await victim.heard('commits');
    if (phase === 'drain') {
      const draining = victim.heard('draining');
      victim.terminate();
      await draining;
    }
    await this.#kill(victim, phase);
    this.#start(victim.id);
  }

  /** A member at work, or one that is just starting. */
  async #strikeAtRandom(victim: Victim): Promise<void> {
    const { random } = this.#init;
    if (random.next() < 0.5) {
      const joiner = this.#join();
      await pause(random.next() * START_MS);
      return this.#kill(joiner, 'random');
    }
    await pause(random.next() * WORK_MS);
    await this.#kill(victim, 'random');
    this.#start(victim.id);
  }

  /** A further member joins; it is killed while it takes its share over, or takes the place of who is killed giving one back. */
  async #strikeInRebalance(victim: Victim): Promise<void> {
    const { random, asksEverybody } = this.#init;
    const moment = random.pick([...GIVING, ...TAKING]);
    if (GIVING.includes(moment) && !asksEverybody) return void this.#giving.push(moment);
    const joiner = GIVING.includes(moment) ? undefined : this.#join({ moment, pass: 0 });
    const struck = joiner ?? victim;
    const held = joiner === undefined ? victim.held({ moment, pass: 0 }) : joiner.heard('held');
    if (joiner === undefined) this.#join();
    await held;
    await this.#kill(struck, 'rebalance');
  }

  /** A cooperative join asks whoever has too much, which is known when it does: of a group at rest a full one. */
  async #strikeWhoGives(moment: Moment): Promise<void> {
    await this.#rest();
    const candidates = this.living;
    const holds = candidates.map((one) => one.held({ moment, pass: 0 }).then(() => one));
    this.#join();
    const struck = await Promise.any(holds);
    for (const one of candidates) if (one !== struck) one.release();
    await this.#kill(struck, 'rebalance');
  }

  /** A former owner that knows nothing of it goes on with what it was at. */
  async #strikeAfterStandstill(victim: Victim): Promise<void> {
    await victim.held(this.#hold(this.#init.random.pick(this.#init.standstills)));
    victim.stop();
    const owned = victim.owns;
    await this.#until('others have its partitions', () => {
      const others = this.living.filter((member) => member !== victim).flatMap(({ owns }) => owns);
      return owned.every((partition) => others.includes(partition));
    });
    const back = victim.heard('owns');
    victim.goOn();
    await back;
    await this.#kill(victim, 'stopped');
    this.#start(victim.id);
  }

  async #kill(victim: Victim, phase: Phase): Promise<void> {
    const ended = await victim.kill();
    if (ended === 'SIGKILL') this.killed.set(victim.pid, phase);
  }

  #join(hold?: Hold): Victim {
    return this.#start(`joiner-${this.#joiners++}`, hold);
  }

  /** @throws Error after `end` */
  #start(id: string, hold?: Hold): Victim {
    if (this.#over) throw new Error('the cell was ended');
    const options = this.#init.options(id);
    const victim = new Victim(hold === undefined ? options : { ...options, hold });
    this.#living.add(victim);
    this.members.push(victim);
    void victim.exited.then((ended) => {
      this.#living.delete(victim);
      if (!victim.asked) this.accidents.push(`ended with ${ended}: ${victim.story}`);
    });
    return victim;
  }

  #hold(moment: Hold['moment']): Hold {
    return { moment, pass: this.#init.random.below(MOST_PASSED) };
  }

  /** Every member has partitions, and every partition has a member: none is on its way from one to another. */
  #rest(): Promise<void> {
    const { members, partitions } = this.#init;
    return this.#until('every member has partitions, and every partition a member', () => {
      const owned = this.living.flatMap(({ owns }) => owns);
      const isWhole = owned.length === partitions && new Set(owned).size === partitions;
      return isWhole && this.#living.size >= members && this.living.every(({ owns }) => owns.length > 0);
    });
  }

  async #until(what: string, look: () => boolean): Promise<void> {
    try {
      await eventually(what, look, REST_MS);
    } catch (cause) {
      throw new Error([...this.living.map(({ story }) => story), ...this.accidents].join('\n'), { cause });
    }
  }
}
