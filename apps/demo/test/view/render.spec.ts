import { describe, expect, it } from '@jest/globals';
import { renderText } from '../../src/view/render/render.js';
import { partition, sampleState } from './sample-state.js';

const wide = { columns: 110, rows: 50 };

/** Lines without colours. */
function lines(state = sampleState(), size = wide): readonly string[] {
  return renderText(state, size, false);
}

/** The only line with this text in it. */
function line(text: string, state = sampleState(), size = wide): string {
  const found = lines(state, size).filter((candidate) => candidate.includes(text));
  expect(found).toHaveLength(1);
  return found[0] ?? '';
}

describe('render', () => {
  it('shows everything where there is room', () => {
    expect(lines()).toEqual([
      ' kafka-worker demo  running  0:01:23  in-memory cluster  group order-shop                       Ctrl-C drains',
      '─'.repeat(110),
      ' member  1  pid 4711    joined      gen 3   13 partitions  running   9  http://127.0.0.1:3000',
      ' member  2  pid 4712    killed      4 s ago',
      '',
      ' orders         one lane per key        ████████········   6/12                             lag 1,234   100/s',
      '   part owner     lag buffered lanes committed  frontier  running now',
      ...[0, 1, 2, 3, 4, 5].map((n) => `      ${n}     1       ${n}        3     2       120       123  c-07 34ms`),
      '',
      ' payments       one lane per partition  ████████████████   4/4                              lag 1,234   100/s',
      '   part owner     lag buffered lanes committed  frontier  running now',
      ...[0, 1, 2, 3].map((n) => `      ${n}     1       3        3     2       120       123  c-07 34ms`),
      '',
      ' notifications  unordered               ················   0/12                             lag 1,234   100/s',
      '   part owner     lag buffered lanes committed  frontier  running now',
      ...[0, 1, 2].map((n) => `      ${n}     1       3        3     2       120       123  c-07 34ms`),
      '',
      ' throughput                     ▁▃▅█    301/s   lag 10   failed attempts 31',
      ' produced 15,000   finished 14,990   again 0   order broken 0   lost 0',
      expect.stringMatching(/^ progress {3}█+[▏▎▍▌▋▊▉]?·+ {2}62 % {2}310 of 500 orders$/),
      ' rebalance  12 s ago: generation 3 in 214 ms   member 1 got 2, gave 0, kept 4',
    ]);
  });

  it.each([
    [80, 24],
    [80, 16],
    [100, 30],
    [60, 12],
    [200, 100],
    [80, 1],
  ])('stays inside %i columns and %i rows', (columns, rows) => {
    const drawn = lines(sampleState(), { columns, rows });
    expect(drawn.length).toBeLessThanOrEqual(rows);
    for (const text of drawn) expect(text.length).toBeLessThanOrEqual(columns);
  });

  it('keeps the numbers that matter at 80 × 24', () => {
    const size = { columns: 80, rows: 24 };
    expect(line('order broken', sampleState(), size)).toBe(
      ' produced 15,000   finished 14,990   again 0   order broken 0   lost 0',
    );
    expect(line('throughput', sampleState(), size)).toContain('failed attempts 31');
    expect(line('pid 4711', sampleState(), size)).toMatch(/ :3000$/);
    expect(lines(sampleState(), size)).toHaveLength(24);
  });

  it('leaves out the partitions with the least lag where there is no room', () => {
    const drawn = lines(sampleState(), { columns: 80, rows: 20 });
    expect(drawn).toContain('    … 4 more partitions, lag 6, running 4');
    expect(drawn.some((text) => text.startsWith('      5     1       5'))).toBe(true);
    expect(drawn.some((text) => text.startsWith('      0     1       0'))).toBe(false);
  });

  it.each([
    [partition(0, { paused: true }), 'paused c-07 34ms'],
    [partition(0, { draining: true }), 'draining c-07 34ms'],
    [partition(0, { waiting: 2 }), '↻2 c-07 34ms'],
    [partition(0, { frozen: ['key c-09 at 124, no such card'] }), 'frozen: key c-09 at 124, no such card c-07 34ms'],
    [partition(0, { running: [{ key: 'c-07', attempt: 2, ageMs: 5 }] }), 'c-07×2 5ms'],
  ])('marks what is special about a partition', (special, expected) => {
    const workers = [
      { name: 'orders', concurrency: 'key', running: 1, limit: 2, lag: 0, rate: 0, partitions: [special] },
    ];
    expect(line('120       123', sampleState({ workers }))).toBe(
      `      0     1       3        3     2       120       123  ${expected}`,
    );
  });

  it('shows a partition that nobody owns as the cluster knows it', () => {
    const { owner: _owner, ...orphan } = partition(4, { running: [] });
    const workers = [
      { name: 'orders', concurrency: 'key', running: 0, limit: 0, lag: 3, rate: 0, partitions: [orphan] },
    ];
    expect(line('no living', sampleState({ workers }))).toBe(
      '      4     -       3        -     -       120         -  no living owner',
    );
  });

  it('counts the handlers that do not fit', () => {
    const running = Array.from({ length: 9 }, (_, n) => ({ key: `c-0${n}`, attempt: 1, ageMs: 10 }));
    const workers = [
      {
        name: 'orders',
        concurrency: 'key',
        running: 9,
        limit: 9,
        lag: 0,
        rate: 0,
        partitions: [partition(0, { running })],
      },
    ];
    const text = line('c-00', sampleState({ workers }), { columns: 80, rows: 40 });
    expect(text).toMatch(/123 {2}c-00 10ms {2}\+8$/);
    expect(text.length).toBeLessThanOrEqual(80);
  });

  it('says what Ctrl-C does next', () => {
    expect(lines(sampleState({ phase: 'draining' }))[0]).toMatch(/draining .* Ctrl-C again ends at once$/);
  });

  it('colours nothing that would change the width', () => {
    const plain = lines();
    const colored = renderText(sampleState(), wide, true);
    expect(colored.map((text) => text.replace(/\x1b\[[\d;]*m/g, '').trimEnd())).toEqual(plain);
  });
});
