import { afterEach, describe, expect, it } from '@jest/globals';
import { RunningDemo } from './run-demo.js';

const TIMEOUT_MS = 90_000;

describe('npm start', () => {
  let demo: RunningDemo | undefined;
  const start = (args: string, env?: NodeJS.ProcessEnv): RunningDemo =>
    (demo = new RunningDemo(args.split(' ').filter(Boolean), env));

  afterEach(() => demo?.dispose());

  it(
    'handles so many orders, sums up and ends with 0',
    async () => {
      const { exit } = start('--records 500 --no-view --rate 2000');
      expect(await exit).toBe(0);
      expect(demo?.lastLine).toMatch(
        /^summary: ok, finished 1500, committed 1500, left 0, again 0, lost 0, order broken 0, drained in \d+ ms$/,
      );
      expect(demo?.output).toMatch(/log logs.demo-\d+\.log/);
    },
    TIMEOUT_MS,
  );

  it(
    'loses and breaks nothing when a member is killed',
    async () => {
      const { exit } = start('--records 600 --no-view --rate 150 --members 2');
      const [, pid] = (await demo?.until(/member 2: pid (\d+)/)) ?? [];
      await demo?.until(/finished [2-9]\d\d /);
      process.kill(Number(pid), 'SIGKILL');
      expect(await exit).toBe(0);
      expect(demo?.output).toContain('Member 2 died; ');
      const [, finished, , again] =
        /finished (\d+), committed (\d+), left 0, again (\d+), lost 0/.exec(demo?.lastLine ?? '') ?? [];
      // What an order's handler had sent before it died is sent again: more payments than orders, never fewer.
      expect(Number(finished)).toBeGreaterThanOrEqual(1800);
      expect(Number(again)).toBeGreaterThan(0);
      expect(demo?.lastLine).toMatch(/^summary: ok, .*, order broken 0, /);
    },
    TIMEOUT_MS,
  );

  it.each([
    ['order', /^summary: BROKEN, .* lost 0, order broken [1-9]/],
    ['loss', /^summary: BROKEN, .* lost [1-9]\d*, order broken 0/],
  ])(
    'ends with 1 where the ledger sees a fault (%s)',
    async (fault, summary) => {
      const { exit } = start('--records 200 --no-view --rate 2000', { DEMO_BREAK: fault });
      expect(await exit).toBe(1);
      expect(demo?.lastLine).toMatch(summary);
    },
    TIMEOUT_MS,
  );

  it(
    'drains at the first Ctrl-C, which npm may send twice, and is healthy until then',
    async () => {
      const { exit } = start('--no-view --rate 200');
      const [, http] = (await demo?.until(/(http:\/\/127\.0\.0\.1:\d+)\/health\/ready/)) ?? [];
      await demo?.until(/finished [1-9]\d+ /);
      const ready = await fetch(`${http}/health/ready`);
      expect(ready.status).toBe(200);
      expect(await ready.json()).toMatchObject({ status: 'ok', details: { kafka: { status: 'up' } } });
      expect((await fetch(`${http}/health/live`)).status).toBe(200);
      expect((await fetch(`${http}/health/startup`)).status).toBe(200);
      const inspected = (await (await fetch(`${http}/inspect`)).json()) as { groups: { partitions: unknown[] }[] };
      expect(inspected.groups[0]?.partitions).toHaveLength(13);
      demo?.signal('SIGINT');
      demo?.signal('SIGINT');
      expect(await exit).toBe(0);
      expect(demo?.output).toMatch(/Drained in \d+ ms: \d+ running handlers? finished, none was left behind\./);
      expect(demo?.lastLine).toMatch(/^summary: ok, .* again 0, lost 0, order broken 0, /);
    },
    TIMEOUT_MS,
  );

  it(
    'lets a member that is asked to go drain, without anything coming again',
    async () => {
      const { exit } = start('--records 300 --no-view --rate 150 --members 2');
      const [, pid] = (await demo?.until(/member 1: pid (\d+)/)) ?? [];
      await demo?.until(/finished [1-9]\d\d /);
      process.kill(Number(pid), 'SIGTERM');
      expect(await exit).toBe(0);
      expect(demo?.lastLine).toMatch(
        /^summary: ok, finished 900, committed 900, left 0, again 0, lost 0, order broken 0, /,
      );
    },
    TIMEOUT_MS,
  );

  it(
    'is not ready from the first line of the drain on, and ends at once at the second Ctrl-C',
    async () => {
      const { exit } = start('--no-view --rate 50', { DEMO_BREAK: 'hang' });
      const [, http] = (await demo?.until(/(http:\/\/127\.0\.0\.1:\d+)\/health\/ready/)) ?? [];
      await demo?.until(/running [89] /);
      demo?.signal('SIGINT');
      await demo?.until(/draining .* running 8 /);
      const ready = await fetch(`${http}/health/ready`);
      expect(ready.status).toBe(503);
      expect(await ready.json()).toMatchObject({
        error: { kafka: { status: 'down', causes: [{ cause: 'draining', running: 8 }] } },
      });
      expect((await fetch(`${http}/health/live`)).status).toBe(200);
      await demo?.until(/draining(?:.*\n.*)+draining .* running 8 /); // a second later: not the same key press
      demo?.signal('SIGINT');
      expect(await exit).toBe(130);
      expect(demo?.lastLine).toMatch(/^Ended by force: /);
    },
    TIMEOUT_MS,
  );

  it('refuses wrong options with 2 and words that help', async () => {
    const { exit } = start('--members none --colour');
    expect(await exit).toBe(2);
    expect(demo?.output).toContain('--members none: a whole number from 1 to 16 is needed');
    expect(demo?.output).toContain('--colour does not exist; allowed are --kafka, ');
  });
});
