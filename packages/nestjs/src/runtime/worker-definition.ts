import type { WorkerDefinition } from '@kafka-worker/engine';
import type { ContextSource } from '../context/kafka-worker.context.js';
import { createDeliveryHandler, unwrap } from '../handlers/delivery-handler.js';
import type { RpcHandlerFactory } from '../handlers/rpc-handler.factory.js';
import { createPayloadReader } from '../payload/payload-reader.js';
import type { Registration } from '../server/kafka-worker.server.js';
import type { KafkaWorkerConnection } from './connection.js';
import { engineOptions, handlerByTopic, type PlannedWorker } from './worker-plan.js';

/** A planned worker as the engine takes it, with Nest's handler inside. @internal */
export function toDefinition(
  worker: PlannedWorker,
  connection: KafkaWorkerConnection,
  factory: RpcHandlerFactory,
): WorkerDefinition {
  const { id, groupId, topics, options, isEvent } = worker;
  const viaStrategy = worker.registrations.length > 0;
  const source: ContextSource = {
    runtime: connection.runtime,
    producer: connection.producer,
    instrumentation: connection.instrumentation,
    guarantee: options.delivery,
    globalFilters: !viaStrategy || connection.inheritsGlobals ? () => factory.globalFilters() : undefined,
  };
  const reader = createPayloadReader({
    keepBinary: connection.options.parser?.keepBinary,
    deserializer: options.deserializer,
    schema: options.schema,
  });
  const handle = createDeliveryHandler({
    handlerOf: handlerByTopic(viaStrategy ? worker.registrations : discovered(worker, factory)),
    ...reader,
    isEvent,
    source,
    server: connection.server,
  });
  return { id, groupId, topics, options: engineOptions(options), handle, unwrap };
}

/** Under discovery there is one handler per pattern too: request-scoped hosts are told the pattern they are called for. */
function discovered({ handler, topics, isEvent }: PlannedWorker, factory: RpcHandlerFactory): Registration[] {
  if (!handler) return [];
  return topics.map((pattern) => ({
    pattern,
    callback: factory.create(handler, pattern),
    isEvent,
    method: handler.method,
  }));
}
