import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { BenchArgs } from '../args.js';
import type { CellReport } from '../bench.js';
import { isMet } from './bars.js';

/** Writes every run with the figures made of them. */
export async function writeJson(file: string, args: BenchArgs, reports: readonly CellReport[]): Promise<void> {
  const content = {
    at: new Date().toISOString(),
    node: process.version,
    cores: availableParallelism(),
    foreignBrokers: (process.env['KAFKA_BROKERS'] ?? '') !== '',
    runs: args.runs,
    verify: args.verify,
    profiled: args.profile !== undefined,
    cells: reports.map(({ runs, bars, ...report }) => ({
      ...report,
      subjects: Object.fromEntries(runs),
      bars: bars.map((bar) => ({ ...bar, met: isMet(bar) })),
    })),
  };
  await writeFile(file, `${JSON.stringify(content, undefined, 2)}\n`);
}
