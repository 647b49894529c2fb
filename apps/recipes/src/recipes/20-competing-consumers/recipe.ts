import { atOnce, defineRecipe, drawTimeline, recordName, redelivered, table, type Run } from '../../harness/index.js';
import { isStable, ownership } from './ownership.js';
import { JobsModule } from './jobs.module.js';

const PARTITIONS = 2;
const MEMBERS = ['A', 'B', 'C'];
const JOBS = 12;
/** Of each partition, when a member is killed. */
const DONE_AT_KILL = 3;

export const competingConsumers = defineRecipe({
  id: '20',
  title: 'Competing consumers: three processes, two partitions',
  head: {
    order: 'each partition in the order of its log, whoever owns it',
    failure: 'a process that dies is replaced by one that stands by; what it had not committed comes again',
    speed: 'at most as many members work as there are partitions; the others wait, healthy and without work',
    use: 'a fleet: add members to go faster, one more than partitions to fail over without a cold start',
  },
  member: JobsModule,

  async play(stage) {
    const { journal } = stage;
    await stage.seed({ topic: 'jobs', partitions: PARTITIONS, records: [] });
    const processes = await Promise.all(MEMBERS.map((id) => stage.start(id)));
    await journal.until('three members', () => isStable(journal.told('group.rebalanced'), MEMBERS, PARTITIONS));

    const before = ownership(journal.told('group.rebalanced'));
    const standby = MEMBERS.find((id) => before.get(id)?.length === 0) ?? '';
    const victim = processes.find(({ id }) => before.get(id)?.includes(0)) ?? processes[0];
    for (const { id, pid } of processes) stage.say(`${stage.since()} ms  ${id} (pid ${pid}) ${has(before.get(id))}`);

    const jobs = Array.from({ length: PARTITIONS * JOBS }, (_, i) => ({
      partition: i % PARTITIONS,
      value: { name: `job-${i}` },
    }));
    await stage.send('jobs', jobs);
    const doneOf = (member?: string): Set<string> =>
      new Set(
        journal
          .runs()
          .filter((run) => run.outcome === 'done' && (member === undefined || run.member === member))
          .map(recordName),
      );
    await journal.until('some jobs done', () => doneOf(victim?.id).size >= DONE_AT_KILL);
    victim?.kill();
    await victim?.exited;
    stage.say(`${stage.since()} ms  kill -9 ${victim?.pid}: ${victim?.id} is gone`);

    const rest = MEMBERS.filter((id) => id !== victim?.id);
    await journal.until('two members', () => isStable(journal.told('group.rebalanced'), rest, PARTITIONS));
    const after = ownership(journal.told('group.rebalanced').filter(({ member }) => member !== victim?.id));
    for (const id of rest) stage.say(`${stage.since()} ms  ${id} ${has(after.get(id))}`);
    await journal.until('all jobs done', () => doneOf().size === jobs.length);
    const others = processes.filter(({ id }) => id !== victim?.id);
    for (const member of others) member.terminate();
    const exits = await Promise.all(others.map(({ exited }) => exited));

    const runs = journal.runs();
    return {
      runs,
      before: Object.fromEntries(before),
      after: Object.fromEntries(after),
      standby,
      killed: victim?.id ?? '',
      exits,
      /** Two owners of a partition at once would show here. */
      atOncePerPartition: Array.from({ length: PARTITIONS }, (_, partition) =>
        atOnce(runs.filter((run) => run.partition === partition)),
      ),
      doneBy: Object.fromEntries(MEMBERS.map((id) => [id, doneOf(id).size])),
      unfinished: jobs.length - doneOf().size,
      redelivered: redelivered(runs),
      progress: await stage.progress('crew', 'jobs'),
    };
  },

  show({ runs, before, after, standby, killed, doneBy, redelivered, progress }) {
    return [
      '',
      ...drawTimeline(runs, { line: (run: Run) => `${run.member} partition ${run.partition}` }),
      '',
      ...table([
        ['process', 'at first', 'after the kill', 'jobs done'],
        ...MEMBERS.map((id) => [id, has(before[id]), id === killed ? 'killed' : has(after[id]), doneBy[id] ?? 0]),
      ]),
      '',
      `stood by: ${standby} · delivered again: ${redelivered.join(', ') || 'none'}`,
      `committed: ${progress.committed.join(', ')} of ${progress.ends.join(', ')} · lag ${progress.lag}`,
    ];
  },
});

function has(partitions: readonly number[] = []): string {
  return partitions.length === 0 ? 'stands by' : `has ${partitions.join(', ')}`;
}
