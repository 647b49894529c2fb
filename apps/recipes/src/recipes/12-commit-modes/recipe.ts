import { setTimeout } from 'node:timers/promises';
import { defineRecipe, now, recordName, table, type Run, type Stage } from '../../harness/index.js';
import { EventsModule } from './events.module.js';
import { BATCH } from './events.worker.js';

const PARTITIONS = 2;
const EVENT_MS = 30;
/** Sent to each partition every now and then: a little more than is handled meanwhile. */
const ROUND = 10;
const ROUND_EVERY_MS = 250;
/** Done in each partition of each group before something happens to it. */
const SETTLED_IN = 8;
const LOOK_EVERY_MS = 20;

/** The groups, which are the modes, with what is said of them. */
const MODES = {
  automatic: 'automatic: 10 records or 250 ms',
  marks: 'the same marks, hand-over held',
  manual: `manual: every ${BATCH} of a partition`,
} as const;
type Mode = keyof typeof MODES;
const modes = Object.keys(MODES) as Mode[];

/** What was begun again in a group, although it had been begun before. */
export interface Repeated {
  readonly join: readonly string[];
  readonly leave: readonly string[];
  readonly kill: readonly string[];
}

export const commitModes = defineRecipe({
  id: '12',
  title: 'Commit modes side by side',
  head: {
    order: 'each partition in the order of its log, in all three',
    failure: 'after kill -9 comes again what is not committed: at most a cadence of work, or a batch of each partition',
    speed: 'the same in all three; a commit by hand is waited for, the others are not',
    use: 'automatic where repeating is cheap, marks and drain by default, manual where a batch means something',
  },
  member: EventsModule,
  // Half of what it shows is what the engine warns of.
  log: 'silent',

  async play(stage) {
    const { journal } = stage;
    /** Whether every group has gone on in every partition since then, with each of these members at work. */
    const goesOn = (members: readonly string[], since: number): boolean => {
      const runs = journal.runs().filter(({ outcome, startedAt }) => outcome === 'done' && startedAt >= since);
      return modes.every((mode) => {
        const ofMode = runs.filter(({ groupId }) => groupId === mode);
        // Until the last one is at work, the others may still work for it.
        const from = Math.max(
          ...members.map((id) => ofMode.find(({ member }) => member === id)?.startedAt ?? Infinity),
        );
        return Array.from({ length: PARTITIONS }, (_, partition) =>
          ofMode.filter((run) => run.partition === partition && run.startedAt >= from),
        ).every(({ length }) => length >= SETTLED_IN);
      });
    };

    await stage.seed({ topic: 'events', partitions: PARTITIONS, records: [] });
    const first = await stage.start('A');
    const feed = new Feed(stage);
    await feed.send(2 * ROUND);
    await journal.until('A at work', () => journal.running('A') > 0);
    feed.start();
    await journal.until('A alone at work', () => goesOn(['A'], 0), LOOK_EVERY_MS);

    const joinedAt = now();
    stage.say(`${stage.since(joinedAt)} ms  B joins`);
    const second = await stage.boot(EventsModule, 'B');
    await journal.until('A and B at work', () => goesOn(['A', 'B'], joinedAt), LOOK_EVERY_MS);

    const leftAt = now();
    stage.say(`${stage.since(leftAt)} ms  B leaves`);
    await second.close();
    const aloneAt = now();
    await journal.until('A alone again', () => goesOn(['A'], aloneAt), LOOK_EVERY_MS);

    await feed.stop();
    const killedAt = now();
    stage.say(`${stage.since(killedAt)} ms  kill -9 ${first.pid}: A is gone, without a drain`);
    first.kill();
    await first.exited;
    // A handler that commits by hand may have been killed after its commit: nobody will see its record again.
    const { committed } = await stage.progress('manual', 'events');
    const isThrough = ({ outcome, groupId, partition, offset }: Run): boolean =>
      outcome === 'done' ||
      (outcome === 'cut' && groupId === ('manual' satisfies Mode) && offset < (committed[partition] ?? 0));
    const third = await stage.boot(EventsModule, 'C');
    const done = (): number =>
      new Set(
        journal
          .runs()
          .filter(isThrough)
          .map((run) => `${run.groupId} ${recordName(run)}`),
      ).size;
    const allDone = (): Promise<void> =>
      journal.until(
        'every event done in every group',
        () => done() === modes.length * feed.sent && journal.running('C') === 0,
        LOOK_EVERY_MS,
      );
    await allDone();

    // The rest of a batch, which nobody commits by itself. Where the last batch happens to be full, another one begins.
    const lagByHand = async (): Promise<number> => (await stage.progress('manual', 'events')).lag;
    if ((await lagByHand()) === 0) {
      await feed.send(1);
      await allDone();
    }
    const lagBefore = await lagByHand();
    await third.runtime.commit({ groupId: 'manual' });
    const lagAfter = await lagByHand();
    await third.close();

    const repeated = (mode: Mode): Repeated => {
      const again = runsAgain(journal.runs().filter(({ groupId }) => groupId === mode));
      const between = (from: number, to = Infinity): string[] =>
        again.filter(({ startedAt }) => startedAt >= from && startedAt < to).map(recordName);
      return { join: between(joinedAt, leftAt), leave: between(leftAt, killedAt), kill: between(killedAt) };
    };
    return {
      events: feed.sent,
      repeated: { automatic: repeated('automatic'), marks: repeated('marks'), manual: repeated('manual') },
      lagBefore,
      lagAfter,
      lag: await Promise.all(modes.map(async (mode) => (await stage.progress(mode, 'events')).lag)),
    };
  },

  show({ events, repeated, lagBefore, lagAfter, lag }) {
    return [
      '',
      `of ${events} events on ${PARTITIONS} partitions came again:`,
      '',
      ...table([
        ['commit', 'a second member joins', 'it leaves', 'kill -9'],
        ...modes.map((mode) => {
          const { join, leave, kill } = repeated[mode];
          return [MODES[mode], join.length, leave.length, kill.length];
        }),
      ]),
      '',
      `manual, all handled: lag ${lagBefore} · after runtime.commit() from outside: lag ${lagAfter}`,
      `lag at the end: ${modes.map((mode, index) => `${mode} ${lag[index]}`).join(', ')}`,
    ];
  },
});

/** Attempts at records that had been begun before; retries are none. */
function runsAgain(runs: readonly Run[]): Run[] {
  const seen = new Set<string>();
  return runs.filter((run) => {
    if (run.attempt > 1) return false;
    const name = recordName(run);
    const isAgain = seen.has(name);
    seen.add(name);
    return isAgain;
  });
}

/** Sends events, so that there is always something under way. */
class Feed {
  sent = 0;
  #isStopping = false;
  #rounds: Promise<void> | undefined;

  constructor(private readonly stage: Stage) {}

  /** So many to each partition. */
  async send(count: number): Promise<void> {
    const records = Array.from({ length: PARTITIONS * count }, (_, i) => ({
      partition: i % PARTITIONS,
      value: { ms: EVENT_MS },
    }));
    await this.stage.send('events', records);
    this.sent += records.length;
  }

  /** Sends a round now and then, until it is stopped. */
  start(): void {
    this.#rounds = this.#send();
    // Heard of where it is stopped, and not before.
    this.#rounds.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#rounds;
  }

  async #send(): Promise<void> {
    while (!this.#isStopping) {
      await this.send(ROUND);
      // Keeps nobody alive whose play has failed meanwhile.
      await setTimeout(ROUND_EVERY_MS, undefined, { ref: false });
    }
  }
}
