import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Broker, Brokers } from './brokers.js';
import { run, type CommandResult } from './commands.js';
import { composeFile, innerAddress, serviceName } from './compose-file.js';
import { KafkaClusterError } from './errors.js';
import { withBootstrap } from './kafka-tool.js';
import { Keeper } from './keeper.js';
import type { ClusterOptions } from './options.js';
import { freePorts } from './ports.js';

/** A container is given this long for a polite end, in seconds. */
const SHUTDOWN_S = '15';

/** Whether a Docker engine answers and has the compose plugin. */
export async function hasDocker(): Promise<boolean> {
  const engine = await run('docker', ['info'], 10_000);
  return engine.code === 0 && (await run('docker', ['compose', 'version'], 10_000)).code === 0;
}

/**
 * Brokers as containers of one compose project. NOT RUN YET: the machine this was written on has no Docker engine.
 * The data lives in the containers, so a killed one keeps it until the project goes down.
 */
export class DockerBrokers implements Brokers {
  readonly list: readonly Broker[];

  private constructor(
    readonly directory: string,
    private readonly keeper: Keeper,
    private readonly compose: readonly string[],
    ports: readonly number[],
  ) {
    this.list = ports.map((port, index) => ({ id: index + 1, address: `127.0.0.1:${port}`, pid: undefined }));
  }

  /** Starts every container. Does not wait until the brokers answer. */
  static async create(options: Required<ClusterOptions>): Promise<DockerBrokers> {
    const { brokers, port } = options;
    const directory = await mkdtemp(join(tmpdir(), 'kafka-cluster-'));
    const file = join(directory, 'compose.yaml');
    // Project names are lower case; mkdtemp's letters are not.
    const project = basename(directory).toLowerCase();
    const compose = ['compose', '-p', project, '-f', file];
    const keeper = new Keeper({ directory, atEnd: ['docker', ...compose, 'down', '-v', '-t', '0'] });
    try {
      const ports = port === 0 ? await freePorts(brokers) : Array.from({ length: brokers }, (_, index) => port + index);
      await writeFile(file, composeFile(ports, options));
      const docker = new DockerBrokers(directory, keeper, compose, ports);
      await docker.#compose('up', '-d');
      return docker;
    } catch (error) {
      await keeper.end();
      throw error;
    }
  }

  async start(brokerId: number): Promise<void> {
    await this.#compose('start', serviceName(brokerId));
  }

  async terminate(brokerId: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (signal === 'SIGKILL') await this.#compose('kill', '-s', 'SIGKILL', serviceName(brokerId));
    else await this.#compose('stop', '-t', SHUTDOWN_S, serviceName(brokerId));
  }

  async freeze(brokerId: number, frozen: boolean): Promise<void> {
    await this.#compose(frozen ? 'pause' : 'unpause', serviceName(brokerId));
  }

  async failure(brokerId: number): Promise<string | undefined> {
    const service = serviceName(brokerId);
    const running = await this.#compose('ps', '--services', '--status', 'running');
    if (running.split('\n').includes(service)) return undefined;
    return `Broker ${brokerId} is not running.\n${await this.#compose('logs', '--tail', '30', service)}`;
  }

  async runTool(mainClass: string, args: readonly string[]): Promise<CommandResult> {
    const inner = this.list.map(({ id }) => innerAddress(id));
    const tool = ['/opt/kafka/bin/kafka-run-class.sh', mainClass, ...withBootstrap(args, inner)];
    const running = (await this.#compose('ps', '--services', '--status', 'running')).split('\n')[0];
    return run('docker', [...this.compose, 'exec', '-T', running ?? serviceName(1), ...tool]);
  }

  async end(): Promise<void> {
    await this.keeper.end();
  }

  async #compose(...args: string[]): Promise<string> {
    const { stdout, stderr, code } = await run('docker', [...this.compose, ...args]);
    if (code !== 0) throw new KafkaClusterError(`docker compose ${args.join(' ')}: ${stderr}`);
    return stdout;
  }
}
