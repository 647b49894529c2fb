/** Share of a wait that {@link spread} may take off. */
const SPREAD = 0.2;
const GOLDEN_RATIO = 0.618_033_988_749_895;

/**
 * A wait of the engine's own, shortened a little so that many do not come back in step. By what is known and not by
 * chance: the same history goes the same way each time.
 */
export function spread(ms: number, seed: number): number {
  return Math.round(ms * (1 - SPREAD * ((seed * GOLDEN_RATIO) % 1)));
}
