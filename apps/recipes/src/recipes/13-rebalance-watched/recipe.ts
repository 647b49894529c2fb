import {
  defineRecipe,
  doneTwice,
  drawTimeline,
  redelivered,
  table,
  type Run,
  type Stage,
} from '../../harness/index.js';
import { line } from './live-lines.js';
import { ParcelsModule } from './parcels.module.js';

const PARTITIONS = 4;
const COLUMN = 62;
const STRATEGIES = ['drain', 'commit-completed'] as const;
type Strategy = (typeof STRATEGIES)[number];

export const rebalanceWatched = defineRecipe({
  id: '13',
  title: 'A rebalance watched live: drain against commit-completed',
  head: {
    order: 'per partition, over the change of owner as well: the next owner starts when the former has let go',
    failure: 'drain cuts nothing off until its time is up; commit-completed aborts what runs and delivers it again',
    speed: 'drain holds the group up as long as the slowest handler; commit-completed not at all',
    use: 'drain where repeating hurts (the default); commit-completed where handlers are long and heed their signal',
  },

  async play(stage) {
    // On real brokers a member learns of a rebalance from its next heartbeat: there has to be work until then.
    const rounds = stage.onBroker ? 24 : 6;
    const parcels = Array.from({ length: PARTITIONS * rounds }, (_, i) => ({
      partition: i % PARTITIONS,
      value: { ms: 100 + 20 * (i % PARTITIONS) },
    }));
    await stage.seed({ topic: 'parcels', partitions: PARTITIONS, records: parcels });

    stage.say(columns(...STRATEGIES));
    stage.say(`${'─'.repeat(COLUMN)}┼${'─'.repeat(COLUMN)}`);
    // Two groups that know nothing of each other, on the same records, at the same time.
    const [drain, commitCompleted] = await Promise.all(
      STRATEGIES.map((strategy) => watch(stage, strategy, parcels.length)),
    );
    return { drain, commitCompleted } as { drain: Watched; commitCompleted: Watched };
  },

  show({ drain, commitCompleted }) {
    const both = [drain, commitCompleted];
    const row = (name: string, value: (of: Watched) => string | number): string[] => [
      name,
      ...both.map((watched) => String(value(watched))),
    ];
    return [
      '',
      ...both.flatMap(({ strategy, runs }) => [
        `${strategy}:`,
        ...drawTimeline(runs, {
          line: ({ partition, member }: Run) => `partition ${partition} ${member.split('/')[1]}`,
        }),
        '',
      ]),
      ...table([
        ['when the second member came', ...STRATEGIES],
        row('running at that moment', ({ running }) => running),
        row('waited for, ms', ({ waitedMs }) => waitedMs),
        row('finished meanwhile', ({ finished }) => finished),
        row('cut off', ({ cutOff }) => cutOff.length),
        row('delivered again', ({ redelivered }) => redelivered.join(' ') || 'none'),
        row('done twice', ({ doneTwice }) => doneTwice.join(' ') || 'none'),
        row('lag at the end', ({ lag }) => lag),
      ]),
    ];
  },
});

/** What became of one group. */
interface Watched {
  readonly strategy: Strategy;
  readonly runs: readonly Run[];
  /** Handlers that ran when the first member was told to let go. */
  readonly running: number;
  readonly waitedMs: number;
  /** Those that finished before it let go. */
  readonly finished: number;
  /** Those that were aborted. */
  readonly cutOff: readonly string[];
  readonly redelivered: readonly string[];
  readonly doneTwice: readonly string[];
  /** Partitions of the second member. */
  readonly moved: number;
  readonly lag: number;
}

async function watch(stage: Stage, strategy: Strategy, records: number): Promise<Watched> {
  const { journal } = stage;
  const groupId = `shipping-${strategy}`;
  const ofGroup = (): Run[] => journal.runs().filter((run) => run.groupId === groupId);
  const done = (): number =>
    new Set(
      ofGroup()
        .filter(({ outcome }) => outcome === 'done')
        .map(({ partition, offset }) => `${partition}/${offset}`),
    ).size;

  const unfollow = journal.follow((event) => {
    const [of, member = ''] = event.member.split('/');
    const text = of === strategy ? line(member, event) : undefined;
    if (text === undefined) return;
    const told = `${String(stage.since(event.at)).padStart(5)} ms  ${text}`;
    stage.say(strategy === 'drain' ? columns(told, '') : columns('', told));
  });
  const first = await stage.boot(ParcelsModule.with(strategy), `${strategy}/A`);
  await journal.until('every partition at work', () => journal.running(`${strategy}/A`) === PARTITIONS);
  const second = await stage.boot(ParcelsModule.with(strategy), `${strategy}/B`);
  await journal.until(`all of ${strategy} done`, () => done() === records);
  unfollow();
  await second.close();
  await first.close();

  const ofFirst = <T extends { readonly member: string }>(told: readonly T[]): T[] =>
    told.filter(({ member }) => member === `${strategy}/A`);
  const started = ofFirst(journal.told('drain.started'))[0];
  const finished = ofFirst(journal.told('drain.finished'))[0];
  const runs = ofGroup();
  return {
    strategy,
    runs,
    running: started?.running ?? 0,
    waitedMs: Math.round(finished?.durationMs ?? NaN),
    finished: finished?.finished ?? 0,
    cutOff: runs.filter(({ outcome }) => outcome === 'failed').map(({ partition, offset }) => `${partition}/${offset}`),
    redelivered: redelivered(runs),
    doneTwice: doneTwice(runs),
    moved: journal
      .told('group.rebalanced')
      .filter(({ member }) => member === `${strategy}/B`)
      .reduce((sum, { assigned }) => sum + assigned.length, 0),
    lag: (await stage.progress(groupId, 'parcels')).lag,
  };
}

function columns(left: string, right: string): string {
  return `${left.slice(0, COLUMN).padEnd(COLUMN)}│ ${right}`.trimEnd();
}
