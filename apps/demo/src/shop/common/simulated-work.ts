import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { exponential, type RetryOptions } from '@kafka-worker/nestjs';
import { Chance } from './chance.js';
import { BREAK } from './faults.js';
import { MEMBER_SETUP, type MemberSetup } from './member-setup.js';

/** Enough attempts for any failure that {@link SimulatedWork} makes up. */
export const RETRY: RetryOptions = { attempts: 5, backoff: exponential({ initialMs: 40, maxMs: 500 }) };

const FIRST_FAILS = 0.03;
const SECOND_FAILS = 0.2;
const HANGS_MS = 60_000;

/** One piece of work that somebody else would do: a database, a bank, a mail server. */
export interface Task {
  /** Names the work: same name, same duration, same failures. */
  readonly name: string;
  readonly orderId: number;
  readonly attempt: number;
  readonly leastMs: number;
  readonly mostMs: number;
  readonly signal: AbortSignal;
}

/** Takes its time and fails now and then, the third attempt never. */
@Injectable()
export class SimulatedWork {
  readonly #chance: Chance;

  constructor(@Inject(MEMBER_SETUP) setup: MemberSetup) {
    this.#chance = new Chance(setup.seed);
  }

  async do({ name, orderId, attempt, leastMs, mostMs, signal }: Task): Promise<void> {
    if (BREAK === 'hang' && name === 'mail') await sleep(HANGS_MS);
    await sleep(this.#chance.between(leastMs, mostMs, name, orderId), undefined, { signal });
    if (this.#fails(name, orderId, attempt)) throw new Error(`${name} of order ${orderId} timed out`);
  }

  #fails(name: string, orderId: number, attempt: number): boolean {
    if (attempt > 2 || this.#chance.of('first', name, orderId) >= FIRST_FAILS) return false;
    return attempt === 1 || this.#chance.of('second', name, orderId) < SECOND_FAILS;
  }
}
