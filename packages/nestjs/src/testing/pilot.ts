import { clearTimeout, setTimeout } from 'node:timers'; // not the global ones: a test runner may have faked those
import type { TestClock } from './test-clock.js';

/** Somebody who waits for what time brings. */
export interface Passenger {
  /** True: it has come. Asked whenever everything that happens now has happened. */
  arrived(): boolean;
  /** True: no time will bring it. Asked only while no handler runs that could change that. */
  hopeless(): boolean;
  /** True: it may come from outside of handlers, so that real time is given to it before it is given up. */
  readonly isReal: boolean;
  /** False: time is not moved for it; somebody else does that. */
  readonly movesTime: boolean;
  /** How long a running handler may give no sign of life before time moves on over it. Real milliseconds. */
  readonly patienceMs: number;
  /** How far time may be moved for it. Milliseconds of the clock. */
  readonly withinMs: number;
}

/**
 * arrived    it has come
 * hopeless   the passenger said so
 * silent     a handler runs and nothing else is left to happen
 * no-timer   nothing is left to happen
 * too-late   the next thing to happen is beyond `withinMs`
 * endless    what happens now has no end
 */
export type Landing = 'arrived' | 'hopeless' | 'silent' | 'no-timer' | 'too-late' | 'endless';

/**
 * Real time between two moves of the clock once patience is used up: a handler may be about to heed its signal. In all,
 * no more than the patience again: there may be timers for ever.
 */
const BREATH_MS = 25;

/** So much news within one moment, and somebody looks whether the moment will ever end. */
const RESTLESS_NEWS = 1000;

interface Seat {
  readonly passenger: Passenger;
  readonly until: number;
  readonly land: (how: Landing) => void;
}

/**
 * Moves the clock from timer to timer while somebody waits, and gives handlers real time in between: while one runs the
 * clock stands still, since its own I/O and timers are real. Only a handler that gives no sign of life for `patienceMs`
 * is passed over, so that `timeoutMs` can strike and nobody waits for ever.
 */
export class Pilot {
  readonly #seats = new Set<Seat>();
  #flying = false;
  /** Nothing has been heard for as long as the passengers have patience. */
  #patienceUsedUp = false;
  /** What is left for breaths; undefined before the first. */
  #breathMs: number | undefined;
  #heard: (() => void) | undefined;
  /** What happens now is still happening. */
  #tick: Promise<void> | undefined;
  #newsInTick = 0;
  #restless: (() => void) | undefined;

  constructor(
    private readonly clock: TestClock,
    /** Whether a handler runs. */
    private readonly isBusy: () => boolean,
    private readonly defaults: Pick<Passenger, 'patienceMs' | 'withinMs'>,
  ) {}

  /** Never rejects: says how it ended. */
  carry(passenger: Passenger): Promise<Landing> {
    return new Promise((land) => {
      const until = this.clock.now() + passenger.withinMs;
      this.#seats.add({ passenger, until, land });
      this.signOfLife(); // nobody has been waited for on its behalf
      if (this.#flying) return;
      this.#flying = true;
      void this.#fly();
    });
  }

  /** Moves time until `arrived` says true, or for as long as there is something to move it to. */
  until(arrived: () => boolean): Promise<Landing> {
    return this.carry({ ...this.defaults, arrived, hopeless: () => false, isReal: true, movesTime: true });
  }

  /** Moves time until the promise has settled, and returns or throws as it did. @throws Error where it does not. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const note = (): void => {
      settled = true;
      this.news();
    };
    promise.then(note, note);
    const landing = await this.until(() => settled);
    if (landing !== 'arrived')
      throw new Error(`the promise is pending, and no timer is left that could settle it (${landing})`);
    return promise;
  }

  /** A handler has begun or ended: there is patience with those that run again. */
  signOfLife(): void {
    this.#patienceUsedUp = false;
    this.#breathMs = undefined;
    this.news();
  }

  /** Something has happened, and who waits should look. */
  news(): void {
    this.#heard?.();
    if (++this.#newsInTick >= RESTLESS_NEWS) this.#restless?.();
  }

  async #fly(): Promise<void> {
    while (this.#seats.size > 0) {
      try {
        await this.#flyOn();
      } catch {
        this.#landAll(() => 'endless'); // the clock has given up
      }
    }
    this.#flying = false;
  }

  async #flyOn(): Promise<void> {
    if (!(await this.#quiet()))
      return this.#landAll(({ passenger }) => (passenger.hopeless() ? 'hopeless' : undefined));
    const isBusy = this.isBusy();
    const mayHope = isBusy && !this.#patienceUsedUp;
    this.#landAll(({ passenger }) => {
      if (passenger.arrived()) return 'arrived';
      return (passenger.movesTime && mayHope) || !passenger.hopeless() ? undefined : 'hopeless';
    });
    if (this.#seats.size > 0) await this.#goOn(isBusy);
  }

  /** Resolves with true when everything that happens now has happened, with false when that takes long. */
  async #quiet(): Promise<boolean> {
    this.#newsInTick = 0;
    this.#tick ??= this.clock.tick().finally(() => (this.#tick = undefined));
    const isRestless = new Promise<boolean>((resolve) => (this.#restless = () => resolve(false)));
    return Promise.race([this.#tick.then(() => true), isRestless]);
  }

  /** Waits for news or moves the clock by one timer. */
  async #goOn(isBusy: boolean): Promise<void> {
    const movers = [...this.#seats].flatMap(({ passenger }) => (passenger.movesTime ? [passenger] : []));
    if (movers.length === 0) return void (await this.#hear(undefined));
    const isReal = this.clock.nextAt === undefined && movers.some((passenger) => passenger.isReal);
    if (isBusy || isReal) {
      const patienceMs = Math.max(...movers.map((passenger) => passenger.patienceMs));
      if (await this.#hear(this.#patienceUsedUp ? this.#breath(patienceMs) : patienceMs)) return;
      this.#patienceUsedUp = true;
    }
    const next = this.clock.nextAt;
    this.#landAll(({ passenger, until }) => {
      if (!passenger.movesTime) return undefined;
      if (next === undefined) return isBusy ? 'silent' : 'no-timer';
      return next > until ? 'too-late' : undefined;
    });
    const goesOn = [...this.#seats].some(({ passenger }) => passenger.movesTime);
    if (next !== undefined && goesOn) await this.clock.advance(Math.max(0, next - this.clock.now()));
  }

  #breath(patienceMs: number): number {
    const left = this.#breathMs ?? patienceMs;
    const breath = Math.min(left, BREATH_MS);
    this.#breathMs = left - breath;
    return breath;
  }

  /** Resolves with true when something has happened, with false after `ms`; undefined: however long it takes. */
  #hear(ms: number | undefined): Promise<boolean> {
    if (ms === 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const done = (heard: boolean): void => {
        clearTimeout(timer);
        this.#heard = undefined;
        resolve(heard);
      };
      const timer = ms === undefined ? undefined : setTimeout(() => done(false), ms);
      this.#heard = () => done(true);
    });
  }

  #landAll(howOf: (seat: Seat) => Landing | undefined): void {
    for (const seat of this.#seats) {
      const how = howOf(seat);
      if (how === undefined) continue;
      this.#seats.delete(seat);
      seat.land(how);
    }
  }
}
