import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../../../../.cache/kafka/', import.meta.url));

/**
 * Writes one record per value with Kafka's own console producer, compressed. False where the jars that the test
 * cluster runs on are not there, as with brokers that were given.
 */
export async function javaProduce(
  brokers: readonly string[],
  topic: string,
  compression: string,
  values: readonly string[],
): Promise<boolean> {
  const jars = jarFolder();
  if (!jars) return false;
  const tool = spawn(
    'java',
    [
      '-Xmx256m',
      '-cp',
      path.join(jars, '*'),
      'org.apache.kafka.tools.ConsoleProducer',
      '--bootstrap-server',
      brokers.join(','),
      '--topic',
      topic,
      '--compression-codec',
      compression,
    ],
    { stdio: ['pipe', 'ignore', 'pipe'] },
  );
  let errors = '';
  tool.stderr.on('data', (chunk) => (errors += String(chunk)));
  tool.stdin.end(values.map((value) => `${value}\n`).join(''));
  const code = await new Promise((resolve, reject) => tool.on('exit', resolve).on('error', reject));
  if (code !== 0) throw new Error(`console producer ended with ${String(code)}: ${errors}`);
  return true;
}

function jarFolder(): string | undefined {
  if (!existsSync(CACHE)) return undefined;
  const folders = readdirSync(CACHE).map((name) => path.join(CACHE, name));
  return folders.find((folder) => readdirSync(folder).some((file) => file.startsWith('kafka-tools')));
}
