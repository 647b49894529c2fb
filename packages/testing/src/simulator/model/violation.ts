/**
 * What a simulation can find broken.
 *
 * order      a lane's next handler started before the one before had settled, or two of a lane ran at once
 * bounds     more handlers or buffered records than allowed
 * safety     a commit gave up, or named as done, what is not settled; or offset and map are not of one moment
 * no-loss    a record is nowhere, or counted as settled though its handler did not say so
 * once       a record was handled again where that may not be
 * ownership  something was started or committed for a partition that is not held any more, or a late result counted
 * drain      started while being given back, gave back before the time was up, or what finished was not committed
 * kept       a kept partition lost its position, its buffered work, its pause or its freeze
 * attempts   an attempt was counted, judged or timed in another way than the options say
 * liveness   something could go on and does not
 * leak       a timer, member or handler is left after the end
 * truth      `inspect()` or an event says something that is not so
 */
export type BrokenPromise =
  | 'order'
  | 'bounds'
  | 'safety'
  | 'no-loss'
  | 'once'
  | 'ownership'
  | 'drain'
  | 'kept'
  | 'attempts'
  | 'liveness'
  | 'leak'
  | 'truth';

/** A promise that did not hold, and how one sees it. */
export interface Violation {
  readonly promise: BrokenPromise;
  readonly message: string;
}

/** Takes violations down; the simulation ends with the step in which the first one was seen. */
export class Violations {
  readonly all: Violation[] = [];

  add(promise: BrokenPromise, message: string): void {
    this.all.push({ promise, message });
  }

  /** @param holds false: the promise is broken. */
  expect(holds: boolean, promise: BrokenPromise, message: () => string): void {
    if (!holds) this.add(promise, message());
  }
}
