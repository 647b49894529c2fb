import { afterEach, describe, expect, it } from '@jest/globals';
import { hasTestBrokers, testBrokers } from '@app/kafka-cluster';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import { RunningDemo } from './run-demo.js';

const TIMEOUT_MS = 180_000;

(hasTestBrokers() ? describe : describe.skip)('npm start -- --kafka', () => {
  let demo: RunningDemo | undefined;
  const start = (args: string): RunningDemo =>
    (demo = new RunningDemo(args.split(' '), { KAFKA_BROKERS: testBrokers().join(',') }));

  afterEach(() => demo?.dispose());

  it(
    'does the same on a real broker, and leaves no topic and no group behind',
    async () => {
      const { exit } = start('--kafka --records 500 --rate 2000 --no-view');
      expect(await exit).toBe(0);
      expect(demo?.lastLine).toMatch(
        /^summary: ok, finished 1500, committed 1500, left 0, again 0, lost 0, order broken 0, /,
      );
      const admin = kafkajsDriver({ client: { brokers: testBrokers() } }).createAdmin();
      await admin.connect();
      try {
        expect((await admin.listTopics()).filter((topic) => topic.startsWith('kafka-worker-demo-'))).toEqual([]);
        expect((await admin.listGroups()).filter((group) => group.startsWith('kafka-worker-demo-'))).toEqual([]);
      } finally {
        await admin.close();
      }
    },
    TIMEOUT_MS,
  );

  it(
    'loses and breaks nothing when a member is killed',
    async () => {
      const { exit } = start('--kafka --records 600 --rate 100 --no-view --members 2');
      const [, pid] = (await demo?.until(/member 2: pid (\d+)/)) ?? [];
      await demo?.until(/finished [2-9]\d\d /);
      process.kill(Number(pid), 'SIGKILL');
      expect(await exit).toBe(0);
      expect(demo?.lastLine).toMatch(/^summary: ok, .* left 0, again \d+, lost 0, order broken 0, /);
    },
    TIMEOUT_MS,
  );
});
