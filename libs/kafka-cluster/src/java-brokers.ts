import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brokerProperties, toPropertiesFile } from './broker-properties.js';
import type { Broker, Brokers } from './brokers.js';
import type { CommandResult } from './commands.js';
import { KafkaClusterError } from './errors.js';
import { classPath, javaCommand, sharedClasses } from './java.js';
import { archiveFile, kafkaJars } from './kafka-jars.js';
import { runJavaTool, withBootstrap } from './kafka-tool.js';
import { Keeper } from './keeper.js';
import type { ClusterOptions } from './options.js';
import { BROKER_LOGGING } from './paths.js';
import { freePorts } from './ports.js';

/** A polite shutdown moves leaders away first; with no controller quorum left it would wait for minutes. */
const SHUTDOWN_MS = 15_000;
const LOG_LINES = 30;

interface Place {
  readonly id: number;
  readonly address: string;
  readonly folder: string;
}

/** Brokers as Java processes of this machine, each a controller too, kept by a Keeper. */
export class JavaBrokers implements Brokers {
  readonly list: readonly Broker[];

  private constructor(
    readonly directory: string,
    private readonly keeper: Keeper,
    private readonly places: readonly Place[],
    private readonly jars: string,
    private readonly jvm: readonly string[],
  ) {
    this.list = places.map(({ id, address }) => ({
      id,
      address,
      get pid() {
        return keeper.pid(String(id));
      },
    }));
  }

  /**
   * Makes data directories and starts every broker. Does not wait until they answer.
   * `classes` are the JVM options that have to do with the class archive.
   */
  static async create(options: Required<ClusterOptions>, classes?: readonly string[]): Promise<JavaBrokers> {
    const jars = await kafkaJars();
    const archive = classes ?? sharedClasses(archiveFile(jars));
    const jvm = [`-Xmx${options.heapMb}m`, ...options.jvmOptions, ...archive];
    const directory = await mkdtemp(join(tmpdir(), 'kafka-cluster-'));
    const keeper = new Keeper({ directory });
    try {
      const places = await layOut(directory, options);
      const brokers = new JavaBrokers(directory, keeper, places, jars, jvm);
      const clusterId = newClusterId();
      await Promise.all(places.map((place) => format(place, clusterId)));
      await Promise.all(places.map(({ id }) => brokers.start(id)));
      return brokers;
    } catch (error) {
      await keeper.end();
      throw error;
    }
  }

  async start(brokerId: number): Promise<void> {
    const { folder } = this.#place(brokerId);
    const args = [
      ...this.jvm,
      `-Dlog4j2.configurationFile=${BROKER_LOGGING}`,
      `-Dkafka.log.file=${join(folder, 'broker.log')}`,
      ...classPath(this.jars),
      'kafka.Kafka',
      join(folder, 'server.properties'),
    ];
    await this.keeper.start(String(brokerId), javaCommand(), args, join(folder, 'output.log'));
  }

  async terminate(brokerId: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const id = String(brokerId);
    try {
      await this.keeper.terminate(id, signal, SHUTDOWN_MS);
    } catch (error) {
      if (signal === 'SIGKILL') throw error;
      await this.keeper.terminate(id, 'SIGKILL', SHUTDOWN_MS);
    }
  }

  async freeze(brokerId: number, frozen: boolean): Promise<void> {
    this.keeper.signal(String(brokerId), frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  async failure(brokerId: number): Promise<string | undefined> {
    if (this.keeper.pid(String(brokerId)) !== undefined) return undefined;
    const { folder } = this.#place(brokerId);
    const logs = await Promise.all(['output.log', 'broker.log'].map((name) => lastLines(join(folder, name))));
    return `Broker ${brokerId} is not running.\n${logs.join('')}`;
  }

  async runTool(mainClass: string, args: readonly string[]): Promise<CommandResult> {
    return runJavaTool(
      mainClass,
      withBootstrap(
        args,
        this.list.map(({ address }) => address),
      ),
    );
  }

  async end(): Promise<void> {
    // The data is about to be deleted, so nothing is won by a polite shutdown.
    await this.keeper.end();
  }

  #place(brokerId: number): Place {
    const place = this.places.find(({ id }) => id === brokerId);
    if (place === undefined) throw new KafkaClusterError(`No broker ${brokerId}`);
    return place;
  }
}

/** Chooses ports and writes every broker's server.properties. */
async function layOut(directory: string, options: Required<ClusterOptions>): Promise<Place[]> {
  const { brokers, properties, port } = options;
  const ports = await freePorts(2 * brokers);
  const nodes = Array.from({ length: brokers }, (_, index) => ({
    id: index + 1,
    client: port === 0 ? (ports[index] as number) : port + index,
    controller: ports[brokers + index] as number,
    folder: join(directory, `broker-${index + 1}`),
  }));
  const voters = nodes.map(({ id, controller }) => `${id}@127.0.0.1:${controller}`).join(',');
  return Promise.all(
    nodes.map(async ({ id, client, controller, folder }) => {
      const address = `127.0.0.1:${client}`;
      const own = {
        'node.id': String(id),
        listeners: `PLAINTEXT://${address},CONTROLLER://127.0.0.1:${controller}`,
        'advertised.listeners': `PLAINTEXT://${address}`,
        'controller.quorum.voters': voters,
        'log.dirs': join(folder, 'data'),
      };
      await mkdir(folder);
      await writeFile(join(folder, 'server.properties'), toPropertiesFile(brokerProperties(own, brokers, properties)));
      return { id, address, folder };
    }),
  );
}

/** Gives a data directory its cluster id; a broker refuses to start on one that has none. */
async function format({ folder }: Place, clusterId: string): Promise<void> {
  const config = join(folder, 'server.properties');
  const { stdout, stderr, code } = await runJavaTool('kafka.tools.StorageTool', [
    'format',
    '-t',
    clusterId,
    '-c',
    config,
  ]);
  if (code !== 0) throw new KafkaClusterError(`Cannot format the data directory:\n${stdout}${stderr}`);
}

/** 16 random bytes in the form Kafka prints ids. A leading dash would look like an option on a command line. */
function newClusterId(): string {
  return randomBytes(16).toString('base64url').replace(/^-/, 'A');
}

async function lastLines(file: string): Promise<string> {
  if (!existsSync(file)) return '';
  return (await readFile(file, 'utf8')).split('\n').slice(-LOG_LINES).join('\n');
}
