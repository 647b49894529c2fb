import { describe, expect, it, jest } from '@jest/globals';
import { hasTestBrokers, testBrokers, uniqueName } from '@app/kafka-cluster';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import { run } from '../../src/cli/run.js';

jest.setTimeout(60_000);

async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(args, { out: (line) => void out.push(line), err: (line) => void err.push(line) });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

(hasTestBrokers() ? describe : describe.skip)('tools on a real broker', () => {
  const brokers = (): string => testBrokers().join(',');

  it('produce makes the topic and its records, view shows them', async () => {
    const topic = uniqueName('produced');
    const made = await cli(
      ...['produce', '--brokers', brokers(), '--topic', topic, '--create', '3'],
      ...['--records', '1500', '--keys', '20', '--skew', '1.1', '--size', '64'],
    );
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(made.out).toContain(`${topic}: 3 partitions`);
    expect(made.out).toContain('1500 of 1500 records acknowledged, 96000 bytes');
    expect(made.out).toMatch(/20 keys, the hottest: k0 with \d+ records/);

    const admin = kafkajsDriver({ client: { brokers: testBrokers() } }).createAdmin();
    const ends = (await admin.logRanges(topic)).map(({ high }) => high);
    await admin.close();
    expect(ends.reduce((sum, end) => sum + end, 0)).toBe(1500);

    const seen = await cli('view', '--brokers', brokers(), '--topic', topic, '--once');
    expect(seen.code).toBe(0);
    expect(seen.out).toMatch(new RegExp(`${topic} +3 +1500 +\\d+, \\d+, \\d+`));
  });

  it('view shows a group with its member and its lag', async () => {
    const topic = uniqueName('viewed');
    const groupId = uniqueName('viewed-group');
    await cli('produce', '--brokers', brokers(), '--topic', topic, '--create', '1', '--records', '10', '--keys', '0');
    const consumer = kafkajsDriver({ client: { clientId: 'watched', brokers: testBrokers() } }).createConsumer({
      groupId,
      topics: [topic],
    });
    let joined = (): void => undefined;
    const ready = new Promise<void>((resolve) => (joined = resolve));
    await consumer.start({
      assigned: async () => [{ topic, partition: 0, offset: 0 }],
      revoking: async () => undefined,
      lost: () => undefined,
      records: ({ records }) => (joined(), records.length),
      stateChanged: () => undefined,
    });
    await ready;
    await consumer.commit([{ topic, partition: 0, offset: 4, metadata: '' }]);

    const { out } = await cli('view', '--brokers', brokers(), '--group', groupId, '--topic', topic, '--once');
    await consumer.stop();
    expect(out).toMatch(new RegExp(`${groupId} +Stable +${topic} +all +6`));
    expect(out).toMatch(/ 0 +4 +10 +6 +watched/);
  });

  it('say what is wrong', async () => {
    const missing = uniqueName('missing');
    expect(await cli('produce', '--brokers', brokers(), '--topic', missing)).toMatchObject({
      code: 1,
      err: `there is no topic ${missing}; --create PARTITIONS makes it`,
    });
    const seen = await cli('view', '--brokers', brokers(), '--topic', missing, '--once');
    expect(seen.code).toBe(1);
    expect(seen.err).toContain(`there is no topic ${missing}; there are `);
  });
});
