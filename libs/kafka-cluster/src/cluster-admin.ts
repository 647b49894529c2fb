import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { KafkaClusterError } from './errors.js';
import { classPath, javaCommand, SMALL_JVM } from './java.js';
import { kafkaJars } from './kafka-jars.js';
import { CLUSTER_ADMIN_SOURCE } from './paths.js';
import { within } from './waiting.js';

/** The first answer includes the start of a JVM and a compilation. */
const ANSWER_MS = 60_000;

/** Our end of java/ClusterAdmin.java: one long-lived JVM for leader elections. It ends when our end of its stdin does. */
export class ClusterAdmin {
  /** Settles when the JVM has ended: one listener, however many elections there are. */
  private readonly ended: Promise<unknown>;

  private constructor(
    private readonly child: ChildProcessByStdio<Writable, Readable, Readable>,
    private readonly lines: Interface,
    private readonly diagnostics: () => string,
  ) {
    this.ended = once(child, 'exit');
  }

  /** Starts the JVM; does not wait for it. */
  static async start(bootstrap: readonly string[]): Promise<ClusterAdmin> {
    const args = [...SMALL_JVM, ...classPath(await kafkaJars()), CLUSTER_ADMIN_SOURCE, bootstrap.join(',')];
    const child = spawn(javaCommand(), args, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.unref();
    for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as Socket).unref();
    child.stdin.on('error', () => undefined);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    return new ClusterAdmin(child, createInterface({ input: child.stdout }), () => stderr);
  }

  /** Makes the preferred replica of every partition its leader. One call at a time. */
  async electPreferredLeaders(topic: string, partitions: number): Promise<void> {
    const answered = Promise.race([
      once(this.lines, 'line').then(([line]) => line as string),
      this.ended.then(() => `error\tthe helper JVM ended: ${this.diagnostics()}`),
    ]);
    this.child.stdin.write(`${topic}\t${partitions}\n`);
    const answer = await within('leader election', ANSWER_MS, answered);
    if (answer !== 'ok') throw new KafkaClusterError(`Leader election for ${topic}: ${answer.replace('error\t', '')}`);
  }

  close(): void {
    this.child.stdin.end();
  }
}
