import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './commands.js';
import { KafkaUnavailableError } from './errors.js';
import { CACHE, POM } from './paths.js';

/** Where the jars of the committed pom.xml are, or would be. */
async function jarsFolder(): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(POM))
    .digest('hex');
  return join(CACHE, hash.slice(0, 16));
}

/** Whether the jars were fetched before, so that Maven and the network are not needed. */
export async function jarsAreCached(): Promise<boolean> {
  return existsSync(await jarsFolder());
}

/** Where the class archive for these jars is, or would be: src/class-archive.ts makes it. */
export const archiveFile = (jars: string): string => `${jars}.jsa`;

/** Whether Maven can be started. */
export async function hasMaven(): Promise<boolean> {
  return (await run('mvn', ['-v'], 20_000)).code === 0;
}

/**
 * The folder with the jars of pom.xml. The first call ever fetches them with Maven (about 45 MB).
 * Throws KafkaUnavailableError with Maven's own words when it cannot.
 */
export async function kafkaJars(): Promise<string> {
  const folder = await jarsFolder();
  if (existsSync(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  // Fetched aside and then renamed: a folder with the right name is always complete, however this process ends.
  const aside = await mkdtemp(join(CACHE, 'fetching-'));
  try {
    const { stdout, stderr, code } = await run('mvn', [
      '-q',
      '-B',
      '-ntp',
      '-f',
      POM,
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${aside}`,
    ]);
    if (code !== 0) throw new KafkaUnavailableError(`Maven could not fetch Kafka:\n${stdout}${stderr}`);
    await rename(aside, folder).catch((error: unknown) => {
      // Another process was faster; its copy is as good.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return folder;
}
