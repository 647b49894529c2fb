import type { Cell } from './cell.js';
import { W1 } from './w1.js';
import { W2 } from './w2.js';
import { W3 } from './w3.js';

/** Every cell by its name. */
export const CELLS = { W1, W2, W3 } satisfies Record<string, Cell>;

export type CellName = keyof typeof CELLS;

export const CELL_NAMES = Object.keys(CELLS) as CellName[];
