import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import type { HealthCheckResult } from '@nestjs/terminus';
import type { Said } from './health.js';

/** What the probes of a process said at one moment; status 0: nobody answered. */
export interface Asked {
  readonly at: number;
  readonly live: number;
  readonly ready: number;
  readonly liveSaid: Said | undefined;
  readonly readySaid: Said | undefined;
}

/** Asks a process over HTTP again and again, as an orchestrator does. */
export class Probing {
  readonly answers: Asked[] = [];
  readonly #url: string;
  #over = false;
  readonly #asking: Promise<void>;

  constructor(app: INestApplication, everyMs: number) {
    const { port } = app.getHttpServer().address() as AddressInfo;
    this.#url = `http://127.0.0.1:${port}/health`;
    this.#asking = this.#ask(everyMs);
  }

  get last(): Asked | undefined {
    return this.answers.at(-1);
  }

  async end(): Promise<readonly Asked[]> {
    this.#over = true;
    await this.#asking;
    return this.answers;
  }

  async #ask(everyMs: number): Promise<void> {
    while (!this.#over) {
      const at = Date.now();
      const [live, ready] = await Promise.all([this.#get('live'), this.#get('ready')]);
      this.answers.push({ at, live: live.status, ready: ready.status, liveSaid: live.said, readySaid: ready.said });
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, at + everyMs - Date.now())));
    }
  }

  async #get(probe: string): Promise<{ status: number; said: Said | undefined }> {
    try {
      const response = await fetch(`${this.#url}/${probe}`, { headers: { connection: 'close' } });
      const { details } = (await response.json()) as HealthCheckResult;
      return { status: response.status, said: details.kafka as Said | undefined };
    } catch {
      return { status: 0, said: undefined };
    }
  }
}
