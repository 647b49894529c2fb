import { run, type CommandResult } from './commands.js';
import { classPath, javaCommand, sharedClasses, SMALL_JVM } from './java.js';
import { archiveFile, kafkaJars } from './kafka-jars.js';

/** `args`, with the option that says where the cluster is unless the caller gave one. */
export function withBootstrap(args: readonly string[], bootstrap: readonly string[]): readonly string[] {
  return args.includes('--bootstrap-server') ? args : ['--bootstrap-server', bootstrap.join(','), ...args];
}

/** Runs a main class of Kafka's jars in a JVM of its own, which costs about a second. */
export async function runJavaTool(mainClass: string, args: readonly string[]): Promise<CommandResult> {
  const jars = await kafkaJars();
  const jvm = [...SMALL_JVM, ...sharedClasses(archiveFile(jars)), ...classPath(jars)];
  return run(javaCommand(), [...jvm, mainClass, ...args]);
}
