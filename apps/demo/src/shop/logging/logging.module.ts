import { Module, type ExecutionContext, type OnApplicationShutdown } from '@nestjs/common';
import { isKafkaWorkerContext } from '@kafka-worker/nestjs';
import { LoggerModule } from 'nestjs-pino';
import pino from 'pino';
import { LOG_FILE } from './log-file.js';

/** A file, since the terminal belongs to the view. Not synchronous: a handler must not wait for a disk. */
const destination = pino.destination({ dest: LOG_FILE, mkdir: true, sync: false });

/** Structured logs. */
@Module({
  imports: [
    LoggerModule.forRoot({
      pinoHttp: [{ level: process.env['LOG_LEVEL'] ?? 'info', autoLogging: false, quietReqLogger: true }, destination],
      // A line that is written while a record is handled names it; a record has no line just for being handled.
      microservice: {
        autoLogging: false,
        quietRpcLogger: true,
        genReqId: recordOf,
        customAttributeKeys: { reqId: 'record' },
      },
    }),
  ],
})
export class LoggingModule implements OnApplicationShutdown {
  onApplicationShutdown(): void {
    destination.flushSync();
  }
}

/** The record as people write it, or what kind of message it is instead. */
function recordOf(host: ExecutionContext): string {
  const context: unknown = host.switchToRpc().getContext();
  if (!isKafkaWorkerContext(context)) return host.getType();
  return `${context.getTopic()}/${context.getPartition()}@${context.getOffset()}`;
}
