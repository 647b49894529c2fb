import { locateRaw, RAW_RUN, subscribed } from './raw.js';
import type { Subject } from './subject.js';

/** kafkajs by itself, a message at a time. */
export const rawMessage: Subject = async (job, workFor) => {
  const work = workFor(locateRaw);
  const consumer = await subscribed(job);
  await consumer.run({ ...RAW_RUN, eachMessage: (payload) => work.handle(payload) });
  return { stop: () => consumer.disconnect() };
};
