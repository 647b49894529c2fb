import { describe, expect, it, jest } from '@jest/globals';
import { hasTestBrokers, testBrokers, uniqueName } from '@app/kafka-cluster';
import { type CommittedRecord, KafkaView, type Kills, readCommitted } from '../src/index.js';
import { battle, expectFought, explain, type FoughtCell, repeated, report, times } from './battle.js';

jest.setTimeout(240_000);

const KILLS = {
  before: 4,
  in: 4,
  after: 4,
  commit: 6,
  ending: 7,
  committed: 6,
  drain: 4,
  rebalance: 6,
  stopped: 4,
  random: 8,
} satisfies Kills;

const OUTPUT_PARTITIONS = 2;

(hasTestBrokers() ? describe : describe.skip)('transactional() under kill -9', () => {
  it('lets a reader of the committed see every record once, and those of a key in order', async () => {
    const view = await KafkaView.open(testBrokers());
    const outputs = new Map<string, string>();
    try {
      const outcome = await battle('transactional', {
        kills: KILLS,
        standstills: ['effect', 'commit', 'ending'],
        guarantee: async ({ topic }) => {
          const output = uniqueName('output');
          outputs.set(topic, output);
          await view.createTopic(output, OUTPUT_PARTITIONS);
          return { type: 'kafka', output };
        },
      });
      let [records, effects] = [0, 0];
      const missing: string[] = [];
      const twice: string[] = [];
      const strange: string[] = [];
      const outOfOrder: string[] = [];
      const readOf = ({ topic }: FoughtCell): Promise<CommittedRecord[][]> =>
        readCommitted(testBrokers(), outputs.get(topic) ?? '', OUTPUT_PARTITIONS);
      const reads = await Promise.all(outcome.cells.map(readOf));
      for (const [n, read] of reads.entries()) {
        const cell = outcome.cells[n] as FoughtCell;
        const { names } = cell;
        const seen = times(read.flat().map(({ value }) => value));
        const produced = new Set(names);
        records += names.length;
        effects += read.flat().length;
        missing.push(...names.filter((name) => !seen.has(name)));
        twice.push(...repeated(seen));
        strange.push(...[...seen.keys()].filter((name) => !produced.has(name)));
        explain(
          cell,
          read.flat().flatMap(({ value, by }) => ((seen.get(value) ?? 0) > 1 ? [`${value} by ${by}`] : [])),
        );
        for (const partition of read) outOfOrder.push(...behind(partition));
      }
      report('13 transactional', outcome, {
        records,
        effects,
        missing: missing.length,
        repeated: twice.length,
        outOfOrder: outOfOrder.length,
      });
      expectFought(outcome, KILLS);
      expect(missing).toEqual([]);
      expect(twice).toEqual([]);
      expect(strange).toEqual([]);
      expect(outOfOrder).toEqual([]);
      expect(effects).toBe(records);
    } finally {
      await view.close();
    }
  });
});

/** Records that stand behind a later one of their key; a key is in one partition of the input only. */
function behind(records: readonly CommittedRecord[]): string[] {
  const last = new Map<string, number>();
  return records.flatMap(({ key, value }) => {
    const offset = Number(value.split('/')[1]);
    const isBehind = offset <= (last.get(key) ?? -1);
    last.set(key, offset);
    return isBehind ? [value] : [];
  });
}
