import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { clusterTools, testBrokers, uniqueName } from '@app/kafka-cluster';
import { KafkajsDriver } from '@kafka-worker/kafkajs';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { replayGroupId, REPLAYED_FROM_HEADER } from '../src/index.js';
import { CliProcess } from './support/cli-process.js';
import { letters } from './support/letters.js';
import { readTopic } from './support/read-topic.js';

/** Shorter than most brokers allow: the cluster of a test run does. With brokers that were given, their default. */
const SESSION_TIMEOUT_MS = process.env['KAFKA_BROKERS'] === undefined ? 3_000 : 6_000;

describe('the command, on a real Kafka', () => {
  const driver = new KafkajsDriver({ client: { clientId: 'dlq-spec', brokers: testBrokers() } });
  const running: CliProcess[] = [];

  beforeAll(() => {
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, '-b', 'packages/dlq'], { stdio: 'inherit' });
  }, 120_000);

  afterEach(async () => {
    for (const process of running) process.kill('SIGKILL');
    await Promise.all(running.splice(0).map(({ ended }) => ended));
  });

  function start(args: readonly string[], onOut?: (line: string) => void): CliProcess {
    const made = new CliProcess([...args, '--session-timeout', String(SESSION_TIMEOUT_MS)], testBrokers(), onOut);
    running.push(made);
    return made;
  }

  async function run(...args: string[]): Promise<CliProcess & { readonly code: number | NodeJS.Signals }> {
    const process = start(args);
    return Object.assign(process, { code: await process.ended });
  }

  /** A dead-letter topic with `count` of each of two origin partitions, each in a partition of its own. */
  async function deadLetters(count: number): Promise<{ dlq: string; origin: string }> {
    const origin = uniqueName('orders');
    const dlq = `${origin}.dlq`;
    const admin = driver.createAdmin();
    await admin.createTopics([origin, dlq].map((topic) => ({ topic, partitions: 2 })));
    await admin.close();
    const producer = driver.createProducer();
    await producer.connect();
    await producer.send(
      [0, 1].flatMap((partition) => letters(dlq, count, { at: partition, from: { topic: origin, partition } })),
    );
    await producer.close();
    return { dlq, origin };
  }

  async function values(topic: string): Promise<string[]> {
    return (await readTopic(driver, topic)).map(({ value }) => String(value));
  }

  function expected(count: number): string[] {
    return [0, 1].flatMap((partition) => Array.from({ length: count }, (_, n) => `${partition}:${n}`));
  }

  it('lists, says what it would do, does it, and has nothing to do after that', async () => {
    const { dlq, origin } = await deadLetters(300);
    const listed = await run('list', dlq, '--json', '--values');
    expect([listed.code, listed.err]).toEqual([0, [`600 dead letters of ${dlq}`]]);
    expect(new Set(listed.json.map((letter) => (letter['payload'] as { value: string }).value)).size).toBe(600);

    const dry = await run('replay', dlq, '--json');
    expect([dry.code, dry.report.totals.sent]).toEqual([0, 600]);
    expect(await values(origin)).toEqual([]);
    const admin = driver.createAdmin();
    expect((await admin.committed(replayGroupId(dlq), [dlq])).map(({ offset }) => offset)).toEqual([
      undefined,
      undefined,
    ]);
    await admin.close();

    const some = await run('replay', dlq, '--json', '--execute', '--partition', '1', '--offset', '10..19');
    expect([some.code, some.report.totals.sent]).toEqual([0, 10]);
    const all = await run('replay', dlq, '--json', '--execute');
    expect([all.code, all.report.totals.sent]).toEqual([0, 590]);
    const again = await run('replay', dlq, '--json', '--execute');
    expect([again.code, again.report.totals.sent]).toEqual([0, 0]);

    const records = await readTopic(driver, origin);
    const rest = expected(300).filter((value) => !/^1:1\d$/.test(value));
    const first = Array.from({ length: 10 }, (_, n) => `1:${10 + n}`);
    expect(records.map(({ value }) => String(value))).toEqual([...rest.slice(0, 300), ...first, ...rest.slice(300)]);
    expect(Object.keys(records[0]?.headers ?? {})).toEqual([REPLAYED_FROM_HEADER]);
    expect(String(records[0]?.headers[REPLAYED_FROM_HEADER])).toBe(`${dlq}/0/0`);
  }, 120_000);

  it('killed in the middle and run again: every one, and at most one request twice', async () => {
    const { dlq, origin } = await deadLetters(600);
    const request = ['--request-records', '20'];
    const killed = start(['replay', dlq, '--json', '--execute', ...request], () => {
      if (killed.out.length >= 400) killed.kill('SIGKILL');
    });
    expect(await killed.ended).toBe('SIGKILL');
    const before = await values(origin);
    expect(before.length).toBeGreaterThanOrEqual(400);
    expect(before.length).toBeLessThan(1_200);

    const again = await run('replay', dlq, '--json', '--execute', ...request);
    expect([again.code, again.report.problems]).toEqual([0, []]);
    const after = await values(origin);
    expect([...new Set(after)].sort()).toEqual(expected(600).sort());
    expect(after.length - 1_200).toBeLessThanOrEqual(20);
    expect((await run('replay', dlq, '--json', '--execute')).report.totals.sent).toBe(0);
  }, 120_000);

  it('told to stop: finishes what is under way, notes it, and nothing comes twice', async () => {
    const { dlq, origin } = await deadLetters(300);
    const stopped = start(['replay', dlq, '--json', '--execute', '--rate', '200'], () => {
      if (stopped.out.length === 40) stopped.kill('SIGINT');
    });
    expect(await stopped.ended).toBe(130);
    expect(stopped.report.totals.sent).toBe((await values(origin)).length);
    expect(stopped.report.totals.sent).toBeLessThan(600);
    const rest = await run('replay', dlq, '--json', '--execute');
    expect([rest.code, rest.report.totals.sent]).toEqual([0, 600 - stopped.report.totals.sent]);
    expect(await values(origin)).toEqual(expected(300));
  }, 120_000);

  it('twice at the same time: the partitions are shared, and nothing comes twice', async () => {
    const { dlq, origin } = await deadLetters(600);
    let other: CliProcess | undefined;
    const one = start(['replay', dlq, '--json', '--execute', '--rate', '100'], () => {
      other ??= start(['replay', dlq, '--json', '--execute', '--rate', '100']);
    });
    const codes = [await one.ended, await other?.ended];
    for (const code of codes) expect([0, 3]).toContain(code);
    expect(one.report.totals.sent).toBeGreaterThan(0);
    expect(other?.report.totals.sent).toBeGreaterThan(0);
    const rest = await run('replay', dlq, '--json', '--execute');
    expect(rest.code).toBe(0);
    const sent = one.report.totals.sent + (other?.report.totals.sent ?? 0) + rest.report.totals.sent;
    expect(sent).toBe(1_200);
    expect(await values(origin)).toEqual(expected(600));
  }, 120_000);

  it('ends where the topic ends in markers of transactions', async () => {
    const { dlq, origin } = await deadLetters(20);
    const tools = clusterTools(testBrokers());
    await tools.leaveGap({ topic: dlq, partition: 0 });
    await tools.close();
    expect(await run('list', dlq, '--silence', '1500')).toMatchObject({ code: 0, err: [`40 dead letters of ${dlq}`] });
    const replayed = await run('replay', dlq, '--json', '--execute', '--silence', '1500');
    expect([replayed.code, replayed.report.totals.sent]).toEqual([0, 40]);
    expect(await values(origin)).toEqual(expected(20));
  }, 120_000);

  it('names an origin that is gone, and ends with 3', async () => {
    const { dlq } = await deadLetters(5);
    const producer = driver.createProducer();
    await producer.connect();
    const gone = uniqueName('gone');
    await producer.send(letters(dlq, 2, { from: { topic: gone } }));
    await producer.close();
    const { code, out } = await run('replay', dlq, '--execute');
    expect([code, out[0]]).toEqual([3, `sent 10 dead letters of ${dlq}, 2 without their topic`]);
    expect(out.join('\n')).toContain(`! topic ${gone} does not exist: 2 dead letters`);
  }, 120_000);

  it('fails with 1 where nobody answers', async () => {
    const { code, err } = await run('list', 'orders.dlq', '--brokers', '127.0.0.1:1');
    expect(code).toBe(1);
    expect(err[0]).toMatch(/^failed: CONNECTION /);
  }, 60_000);
});
