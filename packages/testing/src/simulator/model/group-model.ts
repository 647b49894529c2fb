import type { Violations } from './violation.js';
import type { ModelCall } from './model-call.js';
import type { CopyFate } from './policy-rule.js';

/** What a holder made of a record; `word`: it is done by its handler's own word. */
export type Outcome = 'done' | 'word' | CopyFate;

/** What is true of all processes of all groups together. Keys are `group/topic/partition`. */
export class GroupModel {
  /** Offsets that some holder has settled, by its handler's word or by policy. */
  readonly #settled = new Map<string, Set<number>>();
  /** Offsets that an operator has passed over by a seek. */
  readonly #passed = new Map<string, Set<number>>();
  readonly #outcomes = new Map<string, Map<number, Set<Outcome>>>();
  readonly #sought = new Set<string>();
  readonly #startedBy = new Map<string, Map<number, object>>();
  readonly #running = new Map<string, Set<ModelCall>>();

  constructor(readonly violations: Violations) {}

  settled(key: string, offset: number, as: Outcome): void {
    set(this.#settled, key).add(offset);
    const outcomes = map(this.#outcomes, key);
    outcomes.set(offset, (outcomes.get(offset) ?? new Set<Outcome>()).add(as));
  }

  /** What holders have made of a record, each of them. */
  outcomes(key: string, offset: number): ReadonlySet<Outcome> {
    return map(this.#outcomes, key).get(offset) ?? new Set();
  }

  /** An operator has gone back or forth in the partition: what was handled may be handled again. */
  wasSought(key: string): boolean {
    return this.#sought.has(key);
  }

  passed(key: string, offset: number): void {
    set(this.#passed, key).add(offset);
  }

  /** True where nothing of this record is left to do. */
  accounted(key: string, offset: number): boolean {
    return set(this.#settled, key).has(offset) || set(this.#passed, key).has(offset);
  }

  /** `at-most-once`: a record is handled under one assignment only, unless an operator goes back. */
  startedOnce(key: string, offset: number, by: object, what: string): void {
    const holder = map(this.#startedBy, key).get(offset);
    this.violations.expect(holder === undefined || holder === by, 'once', () => `${what} starts a second time`);
    map(this.#startedBy, key).set(offset, by);
  }

  /** An operator goes on elsewhere in the partition. */
  sought(key: string): void {
    this.#startedBy.delete(key);
    this.#sought.add(key);
  }

  /** @param counts whether the other one is still a member that may run anything. */
  started(lane: string, call: ModelCall, counts: (other: ModelCall) => boolean): void {
    const running = set(this.#running, lane);
    for (const other of running) {
      if (other.process === call.process || other.leftOver || other.givenUp || other.signal.aborted) continue;
      if (!counts(other)) continue;
      const [here, there] = [call, other].map((one) => `${one.held.record.offset} in ${one.process}`);
      this.violations.add('order', `${lane}: ${here} starts while ${there} runs`);
    }
    running.add(call);
  }

  ended(lane: string, call: ModelCall): void {
    this.#running.get(lane)?.delete(call);
  }
}

function set<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = new Set()));
  return found;
}

function map<K, L, V>(maps: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let found = maps.get(key);
  if (found === undefined) maps.set(key, (found = new Map()));
  return found;
}
