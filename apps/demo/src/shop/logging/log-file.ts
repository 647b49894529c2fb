import { join } from 'node:path';

/** Where this process writes its log, under the folder it was started in. */
export const LOG_FILE: string = join('logs', `demo-${process.pid}.log`);
