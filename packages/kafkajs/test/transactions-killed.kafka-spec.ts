import { describe, expect, it } from '@jest/globals';
import { createTopic, testBrokers, testDriver, uniqueName } from './support/broker.js';
import { bundleLoop, LoopProcess } from './support/loop-process.js';
import { Member } from './support/member.js';
import { delay, until } from './support/until.js';

const KILLS = 20;
/** In every so many rounds the next process begins while the one before still runs. */
const OVERLAP_EVERY = 4;
/** In every so many rounds a process is killed at a random moment of its start. */
const EARLY_EVERY = 5;

describe('transactions of processes that are killed', () => {
  it('count once each and in order, whatever moment kill -9 comes at', async () => {
    const driver = testDriver();
    const [input, output] = [await createTopic(driver, 1), await createTopic(driver, 2)];
    const groupId = uniqueName('killed');
    const loop = bundleLoop(groupId);
    const options = { brokers: testBrokers(), transactionalId: groupId, groupId, input, output };
    const processes: LoopProcess[] = [];
    const start = (): LoopProcess => {
      const process = new LoopProcess(loop.file, options);
      processes.push(process);
      return process;
    };
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const process = start();
        if (kill % EARLY_EVERY === EARLY_EVERY - 1) {
          await delay(Math.random() * 400);
        } else {
          await until('it is opened', () => process.has('opened') || process.has('failed'));
          await delay(Math.random() * 250);
          if (kill % OVERLAP_EVERY === OVERLAP_EVERY - 1) {
            const next = start();
            await until('it goes on where the other was cut', () => next.did.length > 0 || next.has('failed'));
            await until('it is fenced', () => process.has('fenced') || process.has('failed'));
            await next.kill();
          }
        }
        await process.kill();
      }
      const last = start();
      await until('it is opened', () => last.has('opened') || last.has('failed'));
      await delay(200);
      expect(await last.stop()).toBe(0);
      expect(processes.flatMap(({ events }) => events.filter(({ type }) => type === 'failed'))).toEqual([]);

      const reader = new Member(driver, 'reader', { groupId: uniqueName('reader'), topics: [output] });
      const count = (last.did.at(-1) ?? 0) + 1;
      await reader.start();
      await until('all is read', () => reader.taken.length >= 2 * count);
      const numbers = Array.from({ length: count }, (_, n) => String(n));
      for (const partition of [0, 1]) {
        const read = reader.taken.filter((record) => record.partition === partition);
        expect(read.map(({ value }) => String(value))).toEqual(numbers);
      }
      const [stored] = await committed(driver, groupId, input);
      expect(stored).toMatchObject({ offset: count, metadata: `up to ${count - 1}` });
      // What was reported as committed is a part of it, and the kills have hit transactions under way.
      const did = new Set(processes.flatMap((process) => process.did));
      expect(Math.max(...did)).toBeLessThan(count);
      expect(count).toBeGreaterThan(KILLS);
      await reader.consumer.stop();
    } finally {
      await Promise.all(processes.map((process) => process.kill()));
      await loop.remove();
    }
  }, 90_000);
});

async function committed(driver: ReturnType<typeof testDriver>, groupId: string, topic: string) {
  const admin = driver.createAdmin();
  try {
    return await admin.committed(groupId, [topic]);
  } finally {
    await admin.close();
  }
}
