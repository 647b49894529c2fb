import { acquireCluster } from '@app/kafka-cluster';
import { readArgs, RUNS_OF_A_RECORD, USAGE, UsageError, type BenchArgs } from './args.js';
import { Bench, type CellReport } from './bench.js';
import { barsTable, findingsTable, runsTable } from './report/cell-report.js';
import { writeJson } from './report/json-report.js';

/** A broker as one would run it to measure, not the light one of the tests. */
const BROKER = { jvmOptions: [], heapMb: 1024 } as const;

async function main(argv: readonly string[]): Promise<void> {
  const args = readArgs(argv);
  if (args === undefined) return console.log(USAGE);
  const cluster = await acquireCluster(BROKER);
  try {
    const reports = await runCells(new Bench(cluster, args, (line) => console.error(line)), args);
    if (args.json !== undefined) await writeJson(args.json, args, reports);
    if (reports.some(hasFindings)) process.exitCode = 1;
  } finally {
    await cluster.stop();
  }
}

async function runCells(bench: Bench, args: BenchArgs): Promise<CellReport[]> {
  const reports: CellReport[] = [];
  await bench.open();
  try {
    for (const name of args.cells) {
      const report = await bench.run(name);
      reports.push(report);
      print(report, args);
    }
  } finally {
    await bench.close();
  }
  return reports;
}

function print({ cell, title, load, shape, runs, bars }: CellReport, args: BenchArgs): void {
  console.log(`\n## ${cell}: ${title}\n`);
  console.log(
    `${load.records} records; partitions ${shape.perPartition.join(', ')}; hottest key ${shape.hottestKey.records}\n`,
  );
  if (args.verify) return console.log(findingsTable(runs));
  console.log(runsTable(runs));
  if (bars.length > 0) console.log(`\n${barsTable(bars)}`);
  if (args.profile !== undefined) console.log('\nMeasured under the profiler: these figures do not count.');
  else if (args.runs < RUNS_OF_A_RECORD) console.log(`\nFewer than ${RUNS_OF_A_RECORD} runs: for orientation only.`);
}

function hasFindings({ runs }: CellReport): boolean {
  return [...runs.values()]
    .flat()
    .some(({ findings }) => findings && findings.duplicates + findings.missing + findings.violations > 0);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const usage = error instanceof UsageError;
  console.error(usage ? `${error.message}\n(npm run bench -- --help)` : error);
  process.exitCode = usage ? 2 : 1;
}
