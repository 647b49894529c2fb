import type { Gate } from '../gate.js';
import type { CrashMemberOptions } from '../member-options.js';
import { appended } from './appended.js';
import { inKafka } from './in-kafka.js';
import { inPostgres } from './in-postgres.js';
import { onceByRedis } from './once-by-redis.js';
import type { Setup } from './setup.js';

/** What a member works with under its guarantee. */
export function setUp({ guarantee, groupId }: CrashMemberOptions, gate: Gate): Setup {
  switch (guarantee.type) {
    case 'at-most-once':
    case 'at-least-once':
      return appended(guarantee.type, guarantee.log, gate);
    case 'postgres':
      return inPostgres(guarantee.url, gate);
    case 'kafka':
      return inKafka(guarantee.output, gate);
    case 'redis':
      return onceByRedis(guarantee.url, guarantee.log, groupId, gate);
  }
}
