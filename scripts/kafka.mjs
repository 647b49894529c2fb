// npm run kafka [-- --brokers N] [--port P] [--json]
//
// Runs a real Kafka in the foreground until Ctrl-C and prints where it is. Its data is deleted at the end.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = `usage: npm run kafka -- [--brokers N] [--port P] [--json]
  --brokers N   how many brokers (default 1)
  --port P      port of the first one, the others follow (default: free ports)
  --json        print one line of JSON instead of prose`;

function options() {
  try {
    const { values } = parseArgs({
      options: {
        brokers: { type: 'string' },
        port: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    return { brokers: Number(values.brokers ?? 1), port: Number(values.port ?? 0), json: values.json ?? false };
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}

const { brokers, port, json } = options();
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '-b', 'libs/kafka-cluster'], { cwd: root, stdio: ['ignore', 2, 2] });
const { startCluster } = await import('../libs/kafka-cluster/dist/index.js');

try {
  const cluster = await startCluster({ brokers, port });
  const stop = async () => {
    if (!json) console.log('Stopping');
    await cluster.stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, stop);
  // The cluster itself does not keep this process alive.
  setInterval(() => {}, 1 << 30);
  if (json) {
    const { bootstrap, directory } = cluster;
    console.log(JSON.stringify({ bootstrap, pids: cluster.brokers.map(({ pid }) => pid), directory }));
  } else {
    console.log(`Kafka is up: ${cluster.bootstrap.join(',')}\nCtrl-C stops it and deletes its data.`);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
