import { Module, type ExecutionContext, type OnApplicationShutdown } from '@nestjs/common';
import { isKafkaWorkerContext } from '@kafka-worker/nestjs';
import { LoggerModule } from 'nestjs-pino';
import pino from 'pino';
import { LOG_FILE } from './log-file.js';

/** A file, since the terminal belongs to the view. Not synchronous: a handler must not wait for a disk. */
const destination = pino.destination({ dest: LOG_FILE, mkdir: true, sync: false });

/** Structured logs; a line that is written while a record is handled names the record. */
@Module({
  imports: [
    LoggerModule.forRoot({
      pinoHttp: [{ level: process.env['LOG_LEVEL'] ?? 'info', autoLogging: false, quietReqLogger: true }, destination],
      // Every line gets the record, but not every record gets a line.
      microservice: { autoLogging: false, quietRpcLogger: true, customProps: recordOf },
    }),
  ],
})
export class LoggingModule implements OnApplicationShutdown {
  onApplicationShutdown(): void {
    destination.flushSync();
  }
}

function recordOf(host: ExecutionContext): object {
  const context: unknown = host.switchToRpc().getContext();
  if (!isKafkaWorkerContext(context)) return {};
  return {
    worker: context.getWorker(),
    topic: context.getTopic(),
    partition: context.getPartition(),
    offset: context.getOffset(),
    attempt: context.getAttempt(),
  };
}
