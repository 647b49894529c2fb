import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../../../../.cache/kafka/', import.meta.url));

/**
 * Writes a record for each key with Kafka's own console producer. False where the jars that the test cluster runs on are
 * not there, as with brokers that were given.
 */
export async function javaProduce(
  brokers: readonly string[],
  topic: string,
  keys: readonly string[],
): Promise<boolean> {
  const folders = existsSync(CACHE) ? readdirSync(CACHE).map((name) => path.join(CACHE, name)) : [];
  const jars = folders.find((folder) => readdirSync(folder).some((file) => file.startsWith('kafka-tools')));
  if (!jars) return false;
  const where = ['--bootstrap-server', brokers.join(','), '--topic', topic];
  const how = ['--property', 'parse.key=true', '--property', 'key.separator=|'];
  const java = ['-Xmx256m', '-Dfile.encoding=UTF-8', '-cp', path.join(jars, '*')];
  const tool = spawn('java', [...java, 'org.apache.kafka.tools.ConsoleProducer', ...where, ...how], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let errors = '';
  tool.stderr.on('data', (chunk) => (errors += String(chunk)));
  tool.stdin.end(keys.map((key) => `${key}|value\n`).join(''));
  const code = await new Promise((resolve, reject) => tool.on('exit', resolve).on('error', reject));
  if (code !== 0) throw new Error(`console producer ended with ${String(code)}: ${errors}`);
  return true;
}
