import { parseOptions, type DemoOptions } from './args/options.js';
import { USAGE } from './args/usage.js';
import type { DemoCluster } from './supervisor/cluster/demo-cluster.js';

const USAGE_ERROR = 2;

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args);
  switch (parsed.kind) {
    case 'help':
      console.log(USAGE);
      return 0;
    case 'wrong':
      console.error(`${parsed.message}\nnpm start -- --help tells more`);
      return USAGE_ERROR;
    case 'run':
      return run(parsed.options);
  }
}

async function run(options: DemoOptions): Promise<number> {
  try {
    const cluster = await startCluster(options);
    try {
      // Decorators read the topics' names when their files are loaded, so they are loaded after this.
      process.env['DEMO_TOPIC_PREFIX'] = cluster.prefix;
      const { Supervisor } = await import('./supervisor/supervisor.js');
      return await new Supervisor(options, cluster, (line) => console.log(line)).run();
    } finally {
      await cluster.close();
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

/** Each kind is loaded where it is wanted. */
async function startCluster({ kafka, members }: DemoOptions): Promise<DemoCluster> {
  if (!kafka) return (await import('./supervisor/cluster/embedded-cluster.js')).startEmbedded(members);
  console.log('Starting on a real Kafka …');
  return (await import('./supervisor/cluster/kafka-cluster.js')).startKafka();
}
