import type { EngineEvent, WorkerEngine } from '@kafka-worker/engine';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { take, type Subscription } from 'rxjs';
import type { KafkaWorkerConnection } from '../runtime/connection.js';
import { KafkaWorkerHost } from '../runtime/kafka-worker.host.js';

/** What a client said when it gave up. */
export interface CrashReport {
  readonly willRestart: boolean;
  /** When it has last said so. Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Remembers what snapshots do not say of a crash: whether the client starts again by itself, and when it has last told.
 *
 * Hears each engine from its first event on, but not of records that are done, which would cost each of them an object:
 * `events$` only until there is an engine to ask for less.
 * @internal
 */
@Injectable()
export class CrashWatch implements OnModuleInit, OnModuleDestroy {
  readonly #reports = new WeakMap<WorkerEngine, Map<string, CrashReport>>();
  readonly #ends = new Set<() => void>();
  readonly #waiting = new Map<KafkaWorkerConnection, Subscription>();

  constructor(private readonly host: KafkaWorkerHost) {}

  /** Before any engine is made. Several times with `deferInitialization`. */
  onModuleInit(): void {
    for (const connection of this.host.connections) {
      if (this.#waiting.has(connection)) continue;
      this.#waiting.set(
        connection,
        connection.events$.pipe(take(1)).subscribe(() => void this.#reportsOf(connection)),
      );
    }
  }

  onModuleDestroy(): void {
    for (const subscription of this.#waiting.values()) subscription.unsubscribe();
    for (const end of this.#ends) end();
    this.#ends.clear();
  }

  lastCrash(connection: KafkaWorkerConnection, groupId: string): CrashReport | undefined {
    return this.#reportsOf(connection)?.get(groupId);
  }

  #reportsOf(connection: KafkaWorkerConnection): Map<string, CrashReport> | undefined {
    const { engine } = connection;
    if (engine === undefined) return undefined;
    let reports = this.#reports.get(engine);
    if (reports === undefined) {
      const heard = (reports = new Map<string, CrashReport>());
      this.#reports.set(engine, heard);
      this.#ends.add(engine.on((event) => this.#hear(heard, event), { done: false }));
    }
    return reports;
  }

  #hear(reports: Map<string, CrashReport>, event: EngineEvent): void {
    if (event.type !== 'group.state' || event.state !== 'crashed') return;
    const { willRestart } = (event.error ?? {}) as { readonly willRestart?: unknown };
    reports.set(event.groupId, { willRestart: willRestart === true, at: this.host.ground.clock.now() });
  }
}
