import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisService } from './redis.js';
import { redisAnswers } from './redis-answers.js';
import { RedisGuard } from './redis-guard.js';
import { freeRedisPort } from './redis-port.js';

const ANSWERS_WITHIN_MS = 10_000;
const LOG_LINES = 20;

/** A `redis-server` of ours. */
export class OwnRedis implements RedisService {
  readonly isOurs = true;
  readonly url: string;
  #guard: RedisGuard | undefined;
  #stopped = false;

  private constructor(
    private readonly command: string,
    private readonly directory: string,
    private readonly port: number,
  ) {
    this.url = `redis://127.0.0.1:${port}`;
  }

  static async start(command: string): Promise<OwnRedis> {
    const directory = await mkdtemp(join(tmpdir(), 'redis-'));
    const redis = new OwnRedis(command, directory, await freeRedisPort());
    await redis.#start();
    return redis;
  }

  async kill(): Promise<void> {
    await this.#end();
  }

  async restart(): Promise<void> {
    if (this.#stopped) throw new Error('This Redis was stopped: its data is gone');
    await this.#end();
    await this.#start();
  }

  pause(): void {
    this.#running.signal('SIGSTOP');
  }

  unpause(): void {
    this.#running.signal('SIGCONT');
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#end();
    await rm(this.directory, { recursive: true, force: true });
  }

  get #running(): RedisGuard {
    if (this.#guard === undefined) throw new Error('This Redis does not run');
    return this.#guard;
  }

  get #log(): string {
    return join(this.directory, 'redis.log');
  }

  async #start(): Promise<void> {
    const settings = {
      port: String(this.port),
      bind: '127.0.0.1',
      dir: this.directory,
      save: '',
      appendonly: 'yes',
      // what was acknowledged is on disk
      appendfsync: 'always',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    this.#guard = await RedisGuard.start(this.directory, this.#log, [this.command, ...args]);
    try {
      await redisAnswers(this.port, this.#guard.pid, ANSWERS_WITHIN_MS);
    } catch (cause) {
      const log = await readFile(this.#log, 'utf8').catch(() => '');
      await this.stop();
      throw new Error(`Cannot start ${this.command}:\n${log.split('\n').slice(-LOG_LINES).join('\n')}`, { cause });
    }
  }

  async #end(): Promise<void> {
    const guard = this.#guard;
    this.#guard = undefined;
    await guard?.end();
  }
}
