import { ZIPF_S, type LoadSpec } from './load-spec.js';
import { seeded } from './random.js';

/** A record as it is produced. */
export interface LoadRecord {
  readonly key: string;
  readonly value: string;
}

/** The records of a load, in order. */
export function* recordsOf(spec: LoadSpec): Generator<LoadRecord> {
  const next = keyPicker(spec);
  for (let id = 0; id < spec.records; id++) {
    const key = keyName(next());
    yield { key, value: valueOf(id, key, spec.valueBytes) };
  }
}

export function keyName(index: number): string {
  return `key-${String(index).padStart(7, '0')}`;
}

/** A JSON object of exactly `bytes` bytes: what a small event looks like. */
export function valueOf(id: number, key: string, bytes: number): string {
  const head = `{"id":${id},"customer":"${key}","type":"order.placed","amount":${(id % 10_000) / 100},"paid":${id % 2 === 0},"note":"`;
  const tail = '"}';
  const filler = bytes - head.length - tail.length;
  if (filler < 0)
    throw new RangeError(`a value has ${head.length + tail.length} bytes at least, ${bytes} were asked for`);
  return head + FILLER.repeat(Math.ceil(filler / FILLER.length)).slice(0, filler) + tail;
}

const FILLER = 'the quick brown fox jumps over the lazy dog ';

/** Indices of keys, drawn one after the other. */
function keyPicker({ distribution, keys, seed }: LoadSpec): () => number {
  const random = seeded(seed);
  if (distribution === 'uniform') return () => Math.floor(random() * keys);
  const sums: number[] = [];
  let sum = 0;
  for (let key = 1; key <= keys; key++) sums.push((sum += key ** -ZIPF_S));
  return () => firstAbove(sums, random() * sum);
}

function firstAbove(sums: readonly number[], value: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
