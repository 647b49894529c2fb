import {
  defineRecipe,
  doneTwice,
  drawTimeline,
  redelivered,
  table,
  type Run,
  type Stage,
} from '../../harness/index.js';
import { MetersModule } from './meters.module.js';
import { compareOnPaper, type Planned } from './on-paper.js';

const PARTITIONS = 4;
const WATCHED = ['round-robin', 'cooperative'] as const;
type Watchable = (typeof WATCHED)[number];

export const assignmentStrategies = defineRecipe({
  id: '21',
  title: 'Assignment strategies compared',
  head: {
    order: 'each partition in the order of its log, whoever owns it; the same with every strategy',
    failure: 'none here; nothing is repeated when a member comes, with none of them',
    speed: 'cooperative stops only what moves; the others stop everything in each join, as long as the slowest handler',
    use: 'the default in a fleet of your own; range or round-robin where other clients are in the group',
  },

  async play(stage) {
    // On real brokers a member learns of a rebalance from its next heartbeat: there has to be work until then.
    const rounds = stage.onBroker ? 30 : 8;
    const readings = Array.from({ length: PARTITIONS * rounds }, (_, i) => ({
      partition: i % PARTITIONS,
      value: { ms: 100 + 20 * (i % PARTITIONS) },
    }));
    await stage.seed({ topic: 'readings', partitions: PARTITIONS, records: readings });
    // Two groups that know nothing of each other, on the same records, at the same time.
    const [eager, cooperative] = await Promise.all(WATCHED.map((strategy) => watch(stage, strategy, readings.length)));
    return { planned: compareOnPaper(), eager, cooperative } as {
      planned: Planned[];
      eager: Watched;
      cooperative: Watched;
    };
  },

  show({ planned, eager, cooperative }) {
    const both = [eager, cooperative];
    const row = (name: string, value: (of: Watched) => string | number): string[] => [
      name,
      ...both.map((watched) => String(value(watched))),
    ];
    return [
      'On paper: seven partitions of "calls", three of "texts".',
      '',
      ...table([
        ['strategy', 'change', 'A', 'B', 'C', 'moved', 'stopped', 'rounds'],
        ...planned.map(({ strategy, change, owned, moved, stopped, rounds }) => {
          const has = (member: string): string => short(owned[member]);
          return [strategy, change, has('A'), has('B'), has('C'), moved, stopped, rounds];
        }),
      ]),
      '',
      'Watched: B comes to A, which has four partitions at work.',
      '',
      ...both.flatMap(({ strategy, runs }) => [
        `${strategy}:`,
        ...drawTimeline(runs, {
          line: ({ partition, member }: Run) => `partition ${partition} ${member.split('/')[1]}`,
        }),
        '',
      ]),
      ...table([
        ['when B came', ...WATCHED],
        row('protocol of the group', ({ protocol }) => protocol),
        row('handlers waited for', ({ waitedFor }) => waitedFor),
        row('partitions moved', ({ moved }) => moved),
        row('delivered again', ({ redelivered }) => redelivered.join(' ') || 'none'),
        row('done twice', ({ doneTwice }) => doneTwice.join(' ') || 'none'),
        row('lag at the end', ({ lag }) => lag),
      ]),
    ];
  },
});

/** What became of one group. */
interface Watched {
  readonly strategy: Watchable;
  /** As the members were told. */
  readonly protocol: string;
  readonly runs: readonly Run[];
  /** Handlers that had to end before B could begin. */
  readonly waitedFor: number;
  /** Partitions that B was given. */
  readonly moved: number;
  readonly redelivered: readonly string[];
  readonly doneTwice: readonly string[];
  readonly lag: number;
}

async function watch(stage: Stage, strategy: Watchable, records: number): Promise<Watched> {
  const { journal } = stage;
  const groupId = `meters-${strategy}`;
  const [a, b] = [`${strategy}/A`, `${strategy}/B`];
  const ofGroup = (): Run[] => journal.runs().filter((run) => run.groupId === groupId);
  const done = (): number =>
    new Set(
      ofGroup()
        .filter(({ outcome }) => outcome === 'done')
        .map(({ partition, offset }) => `${partition}/${offset}`),
    ).size;

  const first = await stage.boot(MetersModule.with(strategy), a);
  await journal.until('every partition at work', () => journal.running(a) === PARTITIONS);
  const second = await stage.boot(MetersModule.with(strategy), b);
  await journal.until(`all of ${strategy} done`, () => done() === records);
  const protocol = first.runtime.inspect().groups[0]?.protocol ?? '';
  await second.close();
  await first.close();

  const drains = journal.told('drain.started').filter(({ member, cause }) => member === a && cause === 'rebalance');
  const runs = ofGroup();
  return {
    strategy,
    protocol,
    runs,
    waitedFor: drains[0]?.running ?? 0,
    moved: journal
      .told('group.rebalanced')
      .filter(({ member }) => member === b)
      .reduce((sum, { assigned }) => sum + assigned.length, 0),
    redelivered: redelivered(runs),
    doneTwice: doneTwice(runs),
    lag: (await stage.progress(groupId, 'readings')).lag,
  };
}

/** `calls/0, calls/1, texts/2` as `c01 t2`. */
function short(partitions: readonly string[] = []): string {
  const topics = new Map<string, string>();
  for (const name of partitions) {
    const [topic = '', partition = ''] = name.split('/');
    topics.set(topic, (topics.get(topic) ?? topic.slice(0, 1)) + partition);
  }
  return [...topics.values()].join(' ') || '–';
}
