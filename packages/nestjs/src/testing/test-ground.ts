import type { KafkaDriver, WorkerDefinition } from '@kafka-worker/engine';
import type { KafkaWorkerConnection } from '../runtime/connection.js';
import { KafkaWorkerGround } from '../runtime/ground.js';
import type { TestWorld } from './test-world.js';

/** Stands under the connections of an application under test: their drivers are in memory, their time is the test's. */
export class TestGround extends KafkaWorkerGround {
  override readonly clock;
  override readonly ownershipCheckMs = false;
  override readonly needsBrokers = false;

  constructor(private readonly world: TestWorld) {
    super();
    this.clock = world.clock;
  }

  override async driver({ name }: KafkaWorkerConnection): Promise<KafkaDriver> {
    return this.world.site(name).driver(name);
  }

  override workers(
    connection: KafkaWorkerConnection,
    definitions: readonly WorkerDefinition[],
  ): Promise<readonly WorkerDefinition[]> {
    return this.world.site(connection.name).join(connection, definitions);
  }

  override started(connection: KafkaWorkerConnection): Promise<void> {
    return this.world.site(connection.name).joined(connection);
  }
}
