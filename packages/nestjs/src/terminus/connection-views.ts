import { Injectable } from '@nestjs/common';
import type { KafkaWorkerConnection } from '../runtime/connection.js';
import { KafkaWorkerHost } from '../runtime/kafka-worker.host.js';
import { planWorkers } from '../runtime/worker-plan.js';
import type { ConnectionView, PlannedTimeout } from './connection-view.js';
import { CrashWatch } from './crash-watch.js';

/** Takes views of the application's connections. @internal */
@Injectable()
export class ConnectionViews {
  /** What has been started does not change any more. */
  readonly #planned = new WeakMap<KafkaWorkerConnection, readonly PlannedTimeout[]>();

  constructor(
    private readonly host: KafkaWorkerHost,
    private readonly crashes: CrashWatch,
  ) {}

  /** All of them, in the order of the imports. */
  take(): ConnectionView[] {
    return this.host.connections.map((connection) => this.#view(connection));
  }

  #view(connection: KafkaWorkerConnection): ConnectionView {
    const { name, runtime, state } = connection;
    return {
      connection: name,
      state,
      workers: this.#workers(connection),
      snapshot: runtime.inspect(),
      stats: runtime.stats(),
      now: this.host.ground.clock.now(),
      crashOf: (groupId) => this.crashes.lastCrash(connection, groupId),
    };
  }

  #workers(connection: KafkaWorkerConnection): readonly PlannedTimeout[] {
    const known = this.#planned.get(connection);
    if (known !== undefined) return known;
    const { name, options, server } = connection;
    const { workers } = planWorkers({
      connection: name,
      handlers: this.host.explored(),
      registrations: server.registrations,
      defaults: options.worker ?? {},
      groupId: options.consumer?.groupId,
      postfixId: options.postfixId ?? '',
    });
    const planned = workers.map((worker) => ({ id: worker.id, timeoutMs: worker.options.timeoutMs }));
    if (connection.engine !== undefined) this.#planned.set(connection, planned);
    return planned;
  }
}
