import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './commands.js';

/** Brokers of Kafka 4 need this much. */
const OLDEST_JAVA = 17;

/** The `java` to start: JAVA_HOME's if there is one, else the PATH's. */
export function javaCommand(): string {
  const home = process.env['JAVA_HOME'];
  const java = home === undefined || home === '' ? undefined : join(home, 'bin', 'java');
  return java !== undefined && existsSync(java) ? java : 'java';
}

/** Whether `javaCommand()` is there and new enough for a broker. */
export async function hasJava(): Promise<boolean> {
  const { stderr, code } = await run(javaCommand(), ['-version'], 20_000);
  const major = /version "(\d+)/.exec(stderr)?.[1];
  return code === 0 && Number(major) >= OLDEST_JAVA;
}

/** For JVMs that live for a second or wait most of the time: compile little, collect with one thread, log nothing. */
export const SMALL_JVM: readonly string[] = [
  '-Xmx128m',
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Dlog4j2.level=OFF',
];

/**
 * The class path option for a folder of jars. Sorted and spelt out: a class archive is only good for the class path
 * it was made with, and a wildcard has no order.
 */
export function classPath(jars: string): readonly string[] {
  const names = readdirSync(jars).filter((name) => name.endsWith('.jar'));
  return [
    '-cp',
    names
      .sort()
      .map((name) => join(jars, name))
      .join(delimiter),
  ];
}

/** Uses a class archive if it is there and fits; one that does not fit is passed over in silence. */
export function sharedClasses(archive: string): readonly string[] {
  return existsSync(archive) ? ['-Xlog:disable', `-XX:SharedArchiveFile=${archive}`] : [];
}

/** Whether that Java can run a source file, i.e. is a JDK. */
export async function hasCompiler(): Promise<boolean> {
  const { stdout } = await run(javaCommand(), ['--list-modules'], 20_000);
  return stdout.includes('jdk.compiler');
}
