import { firstValueFrom, filter } from 'rxjs';
import type { INestApplicationContext } from '@nestjs/common';
import { getKafkaWorkerToken, type EngineEvent, type KafkaWorkerRuntime } from '@kafka-worker/nestjs';

export function runtimeOf(app: INestApplicationContext, name?: string): KafkaWorkerRuntime {
  return app.get<KafkaWorkerRuntime>(getKafkaWorkerToken(name), { strict: false });
}

/** The next event of a type, from now on. */
export function next<T extends EngineEvent['type']>(
  runtime: KafkaWorkerRuntime,
  type: T,
  matches: (event: Extract<EngineEvent, { type: T }>) => boolean = () => true,
): Promise<Extract<EngineEvent, { type: T }>> {
  type Event = Extract<EngineEvent, { type: T }>;
  return firstValueFrom(
    runtime.events$.pipe(filter((event): event is Event => event.type === type && matches(event as Event))),
  );
}
