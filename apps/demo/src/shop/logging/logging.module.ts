import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { getRecordLogFields } from '@kafka-worker/nestjs/logging';
import { LoggerModule } from 'nestjs-pino';
import pino from 'pino';
import { LOG_FILE } from './log-file.js';

/** A file, since the terminal belongs to the view. Not synchronous: a handler must not wait for a disk. */
const destination = pino.destination({ dest: LOG_FILE, mkdir: true, sync: false });

/** Structured logs. A line that is written while a record is handled names it; a record has no line just for that. */
@Module({
  imports: [
    LoggerModule.forRoot({
      pinoHttp: [
        {
          level: process.env['LOG_LEVEL'] ?? 'info',
          autoLogging: false,
          quietReqLogger: true,
          mixin: () => ({ record: getRecordLogFields() }),
        },
        destination,
      ],
    }),
  ],
})
export class LoggingModule implements OnApplicationShutdown {
  onApplicationShutdown(): void {
    destination.flushSync();
  }
}
