import { Controller, Get } from '@nestjs/common';
import { InjectKafkaWorker, KafkaWorkerRuntime, type EngineSnapshot } from '@kafka-worker/nestjs';

/** Everything the worker knows of itself, as JSON. */
@Controller('inspect')
export class InspectController {
  constructor(@InjectKafkaWorker() private readonly runtime: KafkaWorkerRuntime) {}

  @Get()
  inspect(): EngineSnapshot {
    return this.runtime.inspect();
  }
}
