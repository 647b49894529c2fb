import { KafkaWorkerError, ensureError, type DriverAdmin } from '@kafka-worker/engine';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { KafkaWorkerConnection } from '../runtime/connection.js';
import { ADMIN_SETTINGS, type AdminSettings } from './admin-options.js';
import { ProblemError } from './problem.js';

/** One admin client, from its first question to its last. */
class AdminSession {
  readonly ready: Promise<DriverAdmin>;
  #admin: DriverAdmin | undefined;
  #closed = false;

  constructor(connection: KafkaWorkerConnection) {
    this.ready = this.#open(connection);
    this.ready.catch(() => {}); // told to whoever asks
  }

  async #open(connection: KafkaWorkerConnection): Promise<DriverAdmin> {
    const driver = await connection.driver();
    if (this.#closed) throw new KafkaWorkerError('NOT_RUNNING', 'the admin client was closed meanwhile');
    this.#admin = driver.createAdmin();
    await this.#admin.connect();
    return this.#admin;
  }

  /** Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#admin?.close().catch(() => {});
  }
}

/**
 * Questions to the clusters of all connections, bounded in time. Each connection gets one admin client when the first
 * question comes; after a failure the next question gets another. All are closed with the application.
 * @internal
 */
@Injectable()
export class ClusterAdmins implements OnApplicationShutdown {
  readonly #sessions = new Map<KafkaWorkerConnection, AdminSession>();
  readonly #closing = new Set<Promise<void>>();
  readonly #answerMs: number;
  #closed = false;

  constructor(@Inject(ADMIN_SETTINGS) { answerMs }: AdminSettings) {
    this.#answerMs = answerMs;
  }

  /** @throws ProblemError broker-away, also where the answer takes too long; not-running; what the question throws of these. */
  async ask<T>(connection: KafkaWorkerConnection, question: (admin: DriverAdmin) => Promise<T>): Promise<T> {
    if (this.#closed) throw new ProblemError('not-running', 'the application is shutting down');
    const session = this.#session(connection);
    try {
      return await this.#bounded(session.ready.then(question), connection);
    } catch (error) {
      if (error instanceof ProblemError && error.kind !== 'broker-away') throw error;
      if (KafkaWorkerError.is(error) && error.code === 'TOPIC_MISSING') throw error;
      this.#discard(connection, session);
      if (error instanceof ProblemError) throw error;
      throw new ProblemError(
        'broker-away',
        `the cluster of ${nameOf(connection)} did not answer: ${ensureError(error).message}`,
        KafkaWorkerError.is(error) ? { code: error.code } : {},
        { cause: error },
      );
    }
  }

  async onApplicationShutdown(): Promise<void> {
    this.#closed = true;
    for (const [connection, session] of this.#sessions) this.#discard(connection, session);
    await Promise.all(this.#closing);
  }

  #session(connection: KafkaWorkerConnection): AdminSession {
    const open = this.#sessions.get(connection);
    if (open) return open;
    const session = new AdminSession(connection);
    this.#sessions.set(connection, session);
    return session;
  }

  /** The next question gets another client. Questions that are under way keep theirs until it has closed. */
  #discard(connection: KafkaWorkerConnection, session: AdminSession): void {
    if (this.#sessions.get(connection) !== session) return;
    this.#sessions.delete(connection);
    const closing = session.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  async #bounded<T>(answer: Promise<T>, connection: KafkaWorkerConnection): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const detail = `the cluster of ${nameOf(connection)} did not answer within ${this.#answerMs} ms`;
      timer = setTimeout(() => reject(new ProblemError('broker-away', detail)), this.#answerMs);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function nameOf({ name }: KafkaWorkerConnection): string {
  return `connection '${name}'`;
}
