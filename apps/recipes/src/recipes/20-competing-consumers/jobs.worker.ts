// 20 Competing consumers: three processes, two partitions
// order:   each partition in the order of its log, whoever owns it
// failure: a process that dies is replaced by one that stands by; what it had not committed comes again
// speed:   at most as many members work as there are partitions; the others wait, healthy and without work
// use:     a fleet: add members to go faster, one more than partitions to fail over without a cold start
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { KafkaWorker } from '@kafka-worker/nestjs';
import { JobsService, type Job } from './jobs.service.js';

@Controller()
export class JobsWorker {
  constructor(private readonly jobs: JobsService) {}

  @KafkaWorker({ topic: 'jobs', concurrency: 'partition', commit: 'each' })
  async onJob(@Payload() job: Job): Promise<void> {
    await this.jobs.run(job);
  }
}
