import type { World } from '../world.js';

/** One behaviour, told once and asked of both clusters. */
export interface ParityCase {
  readonly title: string;
  readonly run: (world: World) => Promise<void>;
}
