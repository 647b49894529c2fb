import { run, type CommandResult } from './commands.js';
import { classPath, javaCommand, SMALL_JVM } from './java.js';
import { kafkaJars } from './kafka-jars.js';

/** `args`, with the option that says where the cluster is unless the caller gave one. */
export function withBootstrap(args: readonly string[], bootstrap: readonly string[]): readonly string[] {
  return args.includes('--bootstrap-server') ? args : ['--bootstrap-server', bootstrap.join(','), ...args];
}

/** Runs a main class of Kafka's jars in a JVM of its own, which costs about a second. */
export async function runJavaTool(mainClass: string, args: readonly string[]): Promise<CommandResult> {
  return run(javaCommand(), [...SMALL_JVM, ...classPath(await kafkaJars()), mainClass, ...args]);
}
