import type { DriverAdmin } from '@kafka-worker/engine';
import { KafkajsAdmin } from '../admin/admin.js';
import type { KafkajsDriverOptions } from '../options.js';

/**
 * Asks for partitions over a connection that is closed afterwards: there may be a transactional producer for each
 * partition of a group, and each asks once in a long while.
 */
export class TopicLookup implements Pick<DriverAdmin, 'partitions'> {
  constructor(private readonly driver: KafkajsDriverOptions) {}

  async partitions(topics: readonly string[]): Promise<Map<string, number>> {
    const admin = new KafkajsAdmin(this.driver);
    try {
      await admin.connect();
      return await admin.partitions(topics);
    } finally {
      await admin.close();
    }
  }
}
