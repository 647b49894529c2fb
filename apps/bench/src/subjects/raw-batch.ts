import { locateRaw, RAW_RUN, subscribed } from './raw.js';
import type { Subject } from './subject.js';

/** kafkajs by itself, a batch at a time: the least that anything on kafkajs can cost. */
export const rawBatch: Subject = async (job, workFor) => {
  const work = workFor(locateRaw);
  const consumer = await subscribed(job);
  await consumer.run({
    ...RAW_RUN,
    eachBatch: async ({ batch: { partition, messages } }) => {
      if (job.verify) for (const message of messages) work.now({ partition, message });
      else for (const message of messages) work.now(message as never);
    },
  });
  return { stop: () => consumer.disconnect() };
};
