import { describe, expect, it } from '@jest/globals';
import { atOnce, doneTwice, outOfOrder, redelivered, runsOf, type Run } from '../../src/harness/runs.js';
import { table } from '../../src/harness/table.js';
import { drawTimeline } from '../../src/harness/timeline.js';

function run(offset: number, startedAt: number, endedAt: number | undefined, more: Partial<Run> = {}): Run {
  return {
    member: 'a',
    worker: 'w',
    groupId: 'g',
    topic: 't',
    partition: 0,
    key: null,
    attempt: 1,
    outcome: endedAt === undefined ? 'running' : 'done',
    offset,
    startedAt,
    endedAt,
    ...more,
  };
}

describe('what is read from a journal', () => {
  it('pairs starts with their ends, by member and attempt', () => {
    const of = { worker: 'w', groupId: 'g', topic: 't', partition: 0, key: null, offset: 0 } as const;
    const runs = runsOf([
      { type: 'start', at: 0, member: 'a', attempt: 1, ...of },
      { type: 'end', at: 1, member: 'a', attempt: 1, outcome: 'failed', ...of },
      { type: 'start', at: 2, member: 'a', attempt: 2, ...of },
      { type: 'start', at: 3, member: 'b', attempt: 1, ...of },
      { type: 'end', at: 4, member: 'b', attempt: 1, outcome: 'done', ...of },
      { type: 'start', at: 5, member: 'c', attempt: 1, ...of },
      { type: 'exited', at: 6, member: 'c', code: 'SIGKILL' },
    ]);
    expect(runs.map(({ member, attempt, endedAt, outcome }) => [member, attempt, endedAt, outcome])).toEqual([
      ['a', 1, 1, 'failed'],
      ['a', 2, undefined, 'running'],
      ['b', 1, 4, 'done'],
      ['c', 1, 6, 'cut'],
    ]);
  });

  it('sees what ran at once; one that ends as another begins does not count', () => {
    const runs = [run(0, 0, 10), run(1, 10, 20), run(2, 12, 14, { partition: 1 })];
    expect(atOnce(runs)).toBe(2);
    expect(atOnce(runs.slice(0, 2))).toBe(1);
    expect(atOnce(runs, ({ partition }) => partition)).toBe(2);
  });

  it('sees overlaps and records that came before those ahead of them', () => {
    const lane = (): number => 0;
    expect(outOfOrder([run(0, 0, 5), run(1, 5, 9)], lane)).toEqual([]);
    expect(outOfOrder([run(0, 0, 5), run(1, 4, 9)], lane)).toEqual(['0/1']);
    expect(outOfOrder([run(1, 0, 5), run(0, 6, 9)], lane)).toEqual(['0/0']);
    expect(outOfOrder([run(0, 0, undefined), run(1, 4, 9)], lane)).toEqual(['0/1']);
  });

  it('tells a redelivery from a retry and from another group', () => {
    const again = [run(0, 0, undefined), run(0, 5, 6, { member: 'b' })];
    expect(redelivered(again)).toEqual(['0/0']);
    expect(doneTwice(again)).toEqual([]);
    expect(doneTwice([run(0, 0, 1), run(0, 5, 6)])).toEqual(['0/0']);
    expect(redelivered([run(0, 0, 1), run(0, 2, 3, { attempt: 2 })])).toEqual([]);
    expect(redelivered([run(0, 0, 1), run(0, 2, 3, { groupId: 'other' })])).toEqual([]);
  });
});

describe('timeline', () => {
  it('draws a line for each lane, and what overlaps beneath', () => {
    const lines = drawTimeline(
      [run(0, 0, 50), run(1, 50, 100, { outcome: 'failed' }), run(2, 0, 25), run(3, 0, undefined, { partition: 1 })],
      { line: ({ partition }) => `partition ${partition}` },
    );
    expect(lines.map((line) => line.slice(0, 13))).toEqual([
      'partition 0 │',
      '            │',
      'partition 1 │',
      '            └',
    ]);
    expect(lines[0]).toMatch(/│0+1+!$/);
    expect(lines[1]).toMatch(/│2+$/);
    expect(lines[2]).toMatch(/│3+…$/);
    expect(lines[3]).toMatch(/└0 +100 ms$/);
  });

  it('has something to say about nothing', () => {
    expect(drawTimeline([], { line: () => '' })).toEqual(['(nothing ran)']);
  });
});

it('a table puts numbers right and words left', () => {
  expect(
    table([
      ['name', 'n'],
      ['a', 5],
      ['bcdef', 10],
    ]),
  ).toEqual(['name    n', '─────  ──', 'a       5', 'bcdef  10']);
});
