import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cli } from './support/cli.js';
import { letter, letters } from './support/letters.js';
import { DLQ, DlqWorld } from './support/world.js';

function json(lines: readonly string[]): Record<string, unknown>[] {
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('list', () => {
  it('shows where each came from and what it failed with, and no payload', async () => {
    const world = new DlqWorld();
    world.cluster.produce([
      letter(DLQ, {
        key: 'secret',
        value: 'secret',
        from: { partition: 1, offset: 42 },
        error: new TypeError('no such\ncustomer \u001b[31m'),
      }),
      { topic: DLQ, key: null, value: 'secret' },
    ]);
    const { code, out, err } = await cli(world, ['list', DLQ]);
    expect(code).toBe(0);
    expect(out.join('\n')).not.toContain('secret');
    expect(out[0]).toMatch(/^0\/0 {2}orders\/1\/42 {2}order-service OrdersWorker#onOrder {2}3 attempts {2}2025-01-01T/);
    expect(out[0]).toContain('TypeError: no such\\ncustomer \\u001b[31m');
    expect(out[0]).toContain('key 6 B, value 6 B, headers ');
    expect(out[1]).toMatch(/^0\/1 {2}foreign {2}key none, value 6 B/);
    expect(err).toEqual([`2 dead letters of ${DLQ}`]);
  });

  it('shows payloads when it is told to, for people and for machines', async () => {
    const world = new DlqWorld();
    world.cluster.produce(
      letter(DLQ, {
        key: 'k',
        value: Buffer.from([0xff, 0xfe]),
        headers: { own: [Buffer.from('a'), Buffer.from('b')] },
      }),
    );
    const text = (await cli(world, ['list', DLQ, '--values'])).out.join('\n');
    expect(text).toContain('    key    k\n    value  base64://4=\n    header own: a\n    header own: b');
    const [line] = json((await cli(world, ['list', DLQ, '--values', '--json'])).out);
    expect(line).toMatchObject({
      partition: 0,
      offset: 0,
      replayed: false,
      origin: { topic: 'orders', errorMessage: 'it broke' },
      payload: { key: 'k', value: { base64: '//4=' } },
    });
    expect((line?.['payload'] as { headers: unknown[] }).headers.slice(0, 2)).toEqual([
      { name: 'own', value: 'a' },
      { name: 'own', value: 'b' },
    ]);
  });

  it.each<[string, string[], number[]]>([
    ['--offset', ['--offset', '2..3'], [2, 3]],
    ['--offset to the end', ['--offset', '4..'], [4, 5]],
    ['--offset from the start', ['--offset', '..1'], [0, 1]],
    ['one --offset', ['--offset', '3'], [3]],
    ['--partition', ['--partition', '1'], []],
    ['--from-topic', ['--from-topic', 'orders'], [0, 1, 2, 3, 4]],
    ['--from-partition', ['--from-partition', '1'], [1]],
    ['--from-offset', ['--from-offset', '..1'], [0, 1, 2]],
    ['--group', ['--group', 'other'], [2]],
    ['--worker', ['--worker', 'Other'], [2]],
    ['--error with a class', ['--error', 'RangeError'], [3]],
    ['--error with an expression', ['--error', '/TIMED out/i'], [4]],
    ['--key', ['--key', 'ключ'], [0]],
    ['--key-hex', ['--key-hex', 'fF00'], [1]],
    ['--since', ['--since', '2025-01-01T00:00:04Z'], [4]],
    ['--until', ['--until', String(Date.UTC(2025, 0, 1) + 2_000)], [0, 1]],
    ['--limit', ['--limit', '2'], [0, 1]],
    ['all of them together', ['--from-topic', 'orders', '--offset', '1..', '--limit', '1'], [1]],
  ])('filters by %s', async (_, options, offsets) => {
    const world = new DlqWorld({ partitions: 2 });
    const at = (n: number) => ({ failedAt: Date.UTC(2025, 0, 1) + n * 1_000, from: { offset: n } });
    world.cluster.produce([
      letter(DLQ, { ...at(0), key: 'ключ' }),
      letter(DLQ, { ...at(1), key: Buffer.from([0xff, 0]), from: { partition: 1, offset: 1 } }),
      letter(DLQ, { ...at(2), group: 'other', worker: 'Other', from: { offset: 0 } }),
      letter(DLQ, { ...at(3), error: new RangeError('too far') }),
      letter(DLQ, { ...at(4), error: new Error('it timed out') }),
      { topic: DLQ, partition: 0, value: 'foreign', timestamp: Date.UTC(2025, 0, 1) + 9_000 },
    ]);
    const { code, out } = await cli(world, ['list', DLQ, '--json', ...options]);
    expect(code).toBe(0);
    expect(json(out).map(({ offset }) => offset)).toEqual(offsets);
  });
});

describe('replay', () => {
  it('says what it would do, does it with --execute, and has nothing to do after that', async () => {
    const world = new DlqWorld();
    world.cluster.produce([...letters(DLQ, 3), ...letters(DLQ, 2, { from: { partition: 1 } })]);
    const dry = await cli(world, ['replay', DLQ]);
    expect(dry).toMatchObject({ code: 0 });
    expect(dry.out.join('\n')).toBe(
      `would send 5 dead letters of ${DLQ}\n  orders/0  3\n  orders/1  2\nnothing was sent: add --execute to send`,
    );
    expect(world.values()).toEqual([]);
    const wet = await cli(world, ['replay', DLQ, '--execute']);
    expect(wet).toMatchObject({ code: 0 });
    expect(wet.out.join('\n')).toBe(`sent 5 dead letters of ${DLQ}\n  orders/0  3\n  orders/1  2`);
    expect(world.values()).toHaveLength(5);
    expect((await cli(world, ['replay', DLQ, '--execute'])).out).toEqual([`sent 0 dead letters of ${DLQ}`]);
    expect((await cli(world, ['replay', DLQ, '--execute', '--again', '--limit', '1'])).out[0]).toContain('sent 1 dead');
    expect(world.values()).toHaveLength(6);
  });

  it('ends with 3 where something that matches was not sent, in a dry run too', async () => {
    const world = new DlqWorld({ origin: 0 });
    world.cluster.produce(letters(DLQ, 3));
    for (const options of [[], ['--execute']]) {
      const { code, out } = await cli(world, ['replay', DLQ, ...options]);
      expect(code).toBe(3);
      expect(out.join('\n')).toContain('! topic orders does not exist: 3 dead letters');
    }
  });

  it('leaves foreign records, and says so', async () => {
    const world = new DlqWorld();
    world.cluster.createTopic('parked', 1);
    world.cluster.produce({ topic: DLQ, value: 'foreign' });
    const { code, out, err } = await cli(world, ['replay', DLQ, '--execute']);
    expect([code, out[0]]).toEqual([0, `sent 0 dead letters of ${DLQ}, 1 foreign`]);
    expect(err[0]).toContain('0/0 is foreign');
    expect(await cli(world, ['replay', DLQ, '--execute', '--to', 'parked'])).toMatchObject({ code: 0 });
    expect(world.values('parked')).toEqual(['foreign']);
  });

  it('gives machines a line for each dead letter, each problem and the report', async () => {
    const world = new DlqWorld();
    world.cluster.produce([letter(DLQ), letter(DLQ, { from: { topic: 'gone' } })]);
    const { code, out } = await cli(world, ['replay', DLQ, '--execute', '--json']);
    expect(code).toBe(3);
    expect(json(out)).toMatchObject([
      { type: 'left', reason: 'topic-missing', letter: { offset: 1 } },
      { type: 'sent', letter: { offset: 0 }, to: { topic: 'orders', partition: 0, offset: 0 } },
      { type: 'problem', problem: { type: 'topic-missing', topic: 'gone' } },
      {
        type: 'report',
        outcome: 'complete',
        dryRun: false,
        totals: { sent: 1 },
        problems: [{ type: 'topic-missing' }],
      },
    ]);
    const [, dry] = json((await cli(world, ['replay', DLQ, '--json', '--again'])).out);
    expect(dry).toMatchObject({ type: 'would-send', to: { topic: 'orders', partition: 0 } });
  });

  it('says every second how far it is, keeps to the rate, and says where it stands when it is stopped', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 1_000));
    const stop = new AbortController();
    world.clock.setTimer(() => stop.abort(), 5_050);
    const { code, out, err } = await cli(world, ['replay', DLQ, '--execute', '--rate', '100'], { signal: stop.signal });
    expect(code).toBe(130);
    const progress = err.filter((line) => / read, \d+ sent$/.test(line));
    expect(progress).toHaveLength(5);
    const [, sent] = /^sent (\d+) dead/.exec(out[0] ?? '') ?? [];
    expect(Number(sent)).toBe(world.values().length);
    expect(Number(sent)).toBeGreaterThan(400);
    expect(Number(sent)).toBeLessThanOrEqual(520);
    expect(out[0]).toContain(`partition 0: everything below ${sent} is replayed, its end was 1000`);
    expect(world.clock.pending).toBe(0);
  });
});

describe('the command line', () => {
  it.each<[string[], string]>([
    [[], 'list or replay is missing'],
    [['send', DLQ], 'send is no command'],
    [['list'], 'topic is missing'],
    [['list', DLQ, 'other'], 'other is too much'],
    [['list', DLQ, '--execute'], '--execute'],
    [['replay', DLQ, '--values'], '--values'],
    [['list', DLQ, '--partition', 'x'], '--partition x'],
    [['list', DLQ, '--partition=-1'], '--partition -1'],
    [['list', DLQ, '--offset', '..'], '--offset ..'],
    [['list', DLQ, '--offset', '9..3'], '--offset 9..3'],
    [['list', DLQ, '--from-offset', 'a..b'], '--from-offset a..b'],
    [['list', DLQ, '--since', 'yesterday'], '--since yesterday'],
    [['list', DLQ, '--since', '2025'], '--since 2025'],
    [['list', DLQ, '--since', '2025-01-02', '--until', '2025-01-01'], 'until'],
    [['list', DLQ, '--error', '/(/'], '--error /(/'],
    [['list', DLQ, '--key-hex', 'abc'], '--key-hex abc'],
    [['list', DLQ, '--key', 'a', '--key-hex', 'ab'], '--key and --key-hex'],
    [['list', DLQ, '--limit', '0'], '--limit 0'],
    [['replay', DLQ, '--rate', '0'], '--rate 0'],
    [['replay', DLQ, '--request-records', '1.5'], '--request-records 1.5'],
    [['replay', DLQ, '--to', DLQ], 'the dead-letter topic itself'],
    [['list', DLQ, '--brokers', ' , '], '--brokers is empty'],
    [['list', DLQ, '--config', '/nowhere/kafka.json'], '--config /nowhere/kafka.json'],
  ])('%j is wrong, and ends with 2', async (line, words) => {
    const { code, out, err } = await cli(new DlqWorld(), line);
    expect([code, out]).toEqual([2, []]);
    expect(err.join('\n')).toContain(words);
  });

  it('needs brokers', async () => {
    const { code, err } = await cli(new DlqWorld(), ['list', DLQ], { env: {} });
    expect(code).toBe(2);
    expect(err[0]).toContain('KAFKA_BROKERS');
  });

  it('ends with 1 where the dead-letter topic does not exist', async () => {
    for (const command of ['list', 'replay']) {
      const { code, err } = await cli(new DlqWorld(), [command, 'nowhere']);
      expect([code, err]).toEqual([1, ['failed: TOPIC_MISSING no such topic: nowhere']]);
    }
  });

  it.each([['--help'], ['-h'], ['help'], ['list', '--help'], ['replay', DLQ, '-h']])('%s %s helps', async (...line) => {
    const { code, out } = await cli(new DlqWorld(), line);
    expect(code).toBe(0);
    expect(out[0]).toContain('--request-records');
  });

  it('shows the client’s own lines when it is told to', async () => {
    const world = new DlqWorld();
    expect((await cli(world, ['list', DLQ])).driver?.log).toBeUndefined();
    const { driver, err } = await cli(world, ['list', DLQ, '--verbose']);
    driver?.log?.('warn', 'no answer', { broker: 'a' });
    expect(err).toContain('warn no answer {"broker":"a"}');
  });
});

describe('the connection', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kafka-worker-dlq-'));
    writeFileSync(join(folder, 'kafka.json'), JSON.stringify({ brokers: ['file:1'], clientId: 'file', ssl: true }));
    writeFileSync(join(folder, 'secret.json'), JSON.stringify({ ssl: true }));
    writeFileSync(
      join(folder, 'kafka.mjs'),
      `export default { sasl: { mechanism: 'plain', username: 'u', password: 'p' } };`,
    );
    writeFileSync(join(folder, 'list.json'), '[]');
    writeFileSync(join(folder, 'none.mjs'), 'export const brokers = [];');
    writeFileSync(join(folder, 'broken.json'), '{');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function client(line: readonly string[], env: Record<string, string> = {}) {
    return (await cli(new DlqWorld(), ['list', DLQ, ...line], { env })).driver?.client;
  }

  it('takes the command line before the file before the environment', async () => {
    const config = ['--config', join(folder, 'kafka.json')];
    const env = { KAFKA_BROKERS: 'env:1, env:2' };
    expect(await client([], env)).toEqual({ brokers: ['env:1', 'env:2'], clientId: 'kafka-worker-dlq' });
    expect(await client(config, env)).toEqual({ brokers: ['file:1'], clientId: 'file', ssl: true });
    expect(await client([...config, '--brokers', 'line:1', '--client-id', 'line'], env)).toEqual({
      brokers: ['line:1'],
      clientId: 'line',
      ssl: true,
    });
    expect(await client(['--config', join(folder, 'secret.json')], env)).toMatchObject({
      brokers: ['env:1', 'env:2'],
      ssl: true,
    });
  });

  it('takes a module', async () => {
    expect(await client(['--config', join(folder, 'kafka.mjs')], { KAFKA_BROKERS: 'env:1' })).toMatchObject({
      sasl: { mechanism: 'plain', username: 'u', password: 'p' },
    });
  });

  it.each(['list.json', 'none.mjs', 'broken.json'])('refuses %s', async (name) => {
    const { code, err } = await cli(new DlqWorld(), ['list', DLQ, '--config', join(folder, name)]);
    expect(code).toBe(2);
    expect(err[0]).toContain(name);
  });
});
