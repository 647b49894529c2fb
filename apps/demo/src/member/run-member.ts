import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { KafkaWorkerRuntime, KafkaWorkerServer } from '@kafka-worker/nestjs';
import { Logger } from 'nestjs-pino';
import { AppModule } from '../shop/app.module.js';
import type { MemberSetup } from '../shop/common/member-setup.js';
import { LOG_FILE } from '../shop/logging/log-file.js';
import { freePort, HOST } from './free-port.js';
import type { SupervisorLine } from './protocol.js';
import { ReportingJournal } from './reporting-journal.js';
import { tell } from './tell.js';

/** Runs the shop in this process until it is told to stop. Resolves when it has drained and closed everything. */
export async function runMember(setup: MemberSetup, line: SupervisorLine): Promise<void> {
  const port = await freePort(setup.port);
  const journal = new ReportingJournal(line);
  const stopped = new Promise<void>((resolve) => {
    line.listen((message) => (message.type === 'read' ? journal.read(message.batch) : resolve()));
  });
  const app = await NestFactory.create(AppModule.forMember(setup, journal), { bufferLogs: true, abortOnError: false });
  app.useLogger(app.get(Logger));
  app.connectMicroservice<MicroserviceOptions>({ strategy: app.get(KafkaWorkerServer) }, { inheritAppConfig: true });
  const endTelling = tell(app.get(KafkaWorkerRuntime), line);
  try {
    await app.startAllMicroservices();
    await app.listen(port, HOST);
    line.post({ type: 'ready', http: `http://${HOST}:${port}`, log: LOG_FILE });
    await stopped;
  } finally {
    await app.close(); // the module drains before anything else is closed
    endTelling();
  }
}
