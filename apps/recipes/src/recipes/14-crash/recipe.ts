import { defineRecipe, drawTimeline, outOfOrder, recordName, table, type Run } from '../../harness/index.js';
import { ChargesModule } from './charges.module.js';

const CHARGES = 24;
const KEYS = 8;
/** The first charge: nothing behind it can move the offset, so what is done stands beside it. */
const SLOW_MS = 500;
/** Done when the process is killed: two commits of four, and something after them. */
const DONE_AT_KILL = 10;

/** What became of a record. */
export interface Fate {
  readonly record: string;
  readonly key: string;
  readonly first: 'done' | 'cut off' | 'not begun';
  readonly next: 'delivered again' | 'delivered' | 'not delivered: committed';
}

export const crash = defineRecipe({
  id: '14',
  title: 'Crash and redelivery',
  head: {
    order: 'records of one key one after the other, in the next member as well',
    failure: 'after kill -9 everything that is not committed comes again: running and done alike; committed never does',
    speed: 'the next member takes over when the session has timed out; commit often and less is repeated',
    use: 'to know what a crash costs, and why handlers have to bear being called twice',
  },
  member: ChargesModule,

  async play(stage) {
    const { journal } = stage;
    await stage.seed({
      topic: 'charges',
      partitions: 1,
      records: Array.from({ length: CHARGES }, (_, i) => ({
        key: `account-${i % KEYS}`,
        value: { ms: i === 0 ? SLOW_MS : 20 },
      })),
    });

    const first = await stage.start('first');
    const doneByFirst = (): Run[] => journal.runs().filter((run) => run.member === 'first' && run.outcome === 'done');
    await journal.until('ten charges done', () => doneByFirst().length >= DONE_AT_KILL);
    first.kill();
    await first.exited;
    const killedAt = stage.since();
    stage.say(`${killedAt} ms  kill -9 ${first.pid}`);
    const atKill = await stage.progress('bank', 'charges');

    const second = await stage.boot(ChargesModule, 'second');
    const all = (): Set<number> =>
      new Set(journal.runs().flatMap(({ outcome, offset }) => (outcome === 'done' ? [offset] : [])));
    const begunBySecond = (): boolean => journal.runs().some(({ member }) => member === 'second');
    await journal.until('the second member at work', begunBySecond);
    stage.say(`${stage.since()} ms  the next member has the partition`);
    await journal.until('every charge done', () => all().size === CHARGES && journal.running('second') === 0);
    await second.close();

    const runs = journal.runs();
    const fates = Array.from({ length: CHARGES }, (_, offset): Fate => {
      const of = (member: string): Run[] => runs.filter((run) => run.member === member && run.offset === offset);
      const [before] = of('first');
      const again = of('second').length > 0;
      return {
        record: recordName({ partition: 0, offset }),
        key: `account-${offset % KEYS}`,
        first: before === undefined ? 'not begun' : before.outcome === 'done' ? 'done' : 'cut off',
        next: !again ? 'not delivered: committed' : before === undefined ? 'delivered' : 'delivered again',
      };
    });
    return {
      runs,
      fates,
      atKill,
      outOfOrderInSecond: outOfOrder(
        runs.filter(({ member }) => member === 'second'),
        ({ key }) => key ?? '',
      ),
      unfinished: CHARGES - all().size,
      progress: await stage.progress('bank', 'charges'),
    };
  },

  show({ runs, fates, atKill, progress }) {
    const count = (first: Fate['first'], next: Fate['next']): number =>
      fates.filter((fate) => fate.first === first && fate.next === next).length;
    return [
      '',
      ...drawTimeline(runs, { line: (run: Run) => `${run.key?.replace('account-', '#')} ${run.member}` }),
      '',
      ...table([
        ['in the killed process', 'in the next', 'records'],
        ['done, committed', 'not delivered', count('done', 'not delivered: committed')],
        ['done, not committed yet', 'delivered again', count('done', 'delivered again')],
        ['cut off', 'delivered again', count('cut off', 'delivered again')],
        ['not begun', 'delivered', count('not begun', 'delivered')],
      ]),
      '',
      `committed at the kill: offset ${atKill.committed[0]}, and beside it what was done above: ${atKill.metadata[0] || 'nothing'}`,
      `committed at the end: ${progress.committed[0]} of ${progress.ends[0]} · lag ${progress.lag}`,
    ];
  },
});
