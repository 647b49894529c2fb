import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { DriverCapabilities } from '@kafka-worker/engine';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import { InMemoryCluster, remoteDriver } from '@kafka-worker/testing';
import { conformanceChapters, isAsked } from '@kafka-worker/testing/conformance';
import { root } from './support/documents.js';

const cluster = new InMemoryCluster();
/** The columns of the page. */
const drivers: readonly (readonly [string, DriverCapabilities])[] = [
  ['in-memory, eager', cluster.driver().capabilities],
  ['in-memory, cooperative', cluster.driver({ incrementalRebalance: true }).capabilities],
  ['remote, eager', remoteDriver({ port: 1 }).capabilities],
  ['remote, cooperative', remoteDriver({ port: 1, incrementalRebalance: true }).capabilities],
  ['kafkajs', kafkajsDriver({ client: { brokers: ['none:1'] } }).capabilities],
  ['kafkajs, eager', kafkajsDriver({ client: { brokers: ['none:1'] }, assignment: 'round-robin' }).capabilities],
];

/** The rows of the page's matrix, without the line under the head. */
function rows(): string[][] {
  const page = readFileSync(join(root, 'docs/conformance.md'), 'utf8');
  const table = page.slice(page.indexOf('<!-- matrix -->'), page.indexOf('<!-- end of matrix -->'));
  return table
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^[|\s:-]+$/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe('the conformance matrix', () => {
  const [head, ...body] = rows();
  const sums = body.pop();

  it('has a column for every driver', () => {
    expect(head).toEqual(['case', 'asked where', ...drivers.map(([name]) => name)]);
  });

  it('has every case of the suite, with its flag, and says of each driver whether it is asked', () => {
    const expected = conformanceChapters.flatMap(({ title, cases }) => [
      [`**${title}**`, '', ...drivers.map(() => '')],
      ...cases.map((one) => [
        one.name,
        one.needs ? `\`${one.needs.flag}\`` : '',
        ...drivers.map(([, capabilities]) => (isAsked(one, capabilities) ? 'pass' : '–')),
      ]),
    ]);
    expect(body).toEqual(expected);
  });

  it('counts right', () => {
    const cases = conformanceChapters.flatMap((chapter) => chapter.cases);
    const asked = drivers.map(([, flags]) => `${cases.filter((one) => isAsked(one, flags)).length} pass`);
    expect(sums).toEqual([`${cases.length} cases`, '', ...asked]);
  });

  it('has no two cases of one name in a chapter', () => {
    for (const { cases } of conformanceChapters) {
      expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    }
  });
});
