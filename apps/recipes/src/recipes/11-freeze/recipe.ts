import type { EngineSnapshot } from '@kafka-worker/nestjs';
import { defineRecipe, outOfOrder, recordName, redelivered, table, type Run } from '../../harness/index.js';
import { Amounts, MendedAmounts } from './amounts.js';
import type { Booking } from './booking.js';
import { BookingsModule } from './bookings.module.js';

const PARTITIONS = 3;
const ROUNDS = 6;
/** A decimal comma: mended code can read it. */
const COMMA = '1/2';
/** What no code can read. */
const JUNK = '2/3';

/** A partition of a group, as `inspect()` shows it. */
export interface Standing {
  readonly groupId: string;
  readonly partition: number;
  readonly committed: number | undefined;
  /** Offset of the record that nothing passes. */
  readonly heldBy: number | undefined;
  /** `partition`, or which key. */
  readonly frozen: string | undefined;
  readonly error: string | undefined;
  /** Records behind it that may not begin. */
  readonly waiting: number;
}

export const freezeOnFailure = defineRecipe({
  id: '11',
  title: 'Freeze the partition on failure',
  head: {
    order: 'kept, whatever fails: nothing of the partition (or of the key) overtakes the record that failed',
    failure:
      'three attempts; then its partition stands still, or just its key, until code or a person has dealt with it',
    speed: 'the others go on at theirs; what stands grows a lag that inspect() and health checks name',
    use: 'the default; when a record that is passed over would make the following ones wrong: ledgers, state machines',
  },
  log: 'silent',

  async play(stage) {
    const { journal } = stage;
    const records = Array.from({ length: PARTITIONS * ROUNDS }, (_, i) => {
      const at = { partition: i % PARTITIONS, offset: Math.floor(i / PARTITIONS) };
      const name = recordName(at);
      const value: Booking = { amount: name === COMMA ? '12,50' : name === JUNK ? 'n/a' : '10.00' };
      return { key: `account-${at.partition}${at.offset % 2 === 0 ? 'a' : 'b'}`, partition: at.partition, value };
    });
    const say = (line: string): void => stage.say(`${stage.since()} ms  ${line}`);
    await stage.seed({ topic: 'bookings', partitions: PARTITIONS, records });

    const done = (member: string): number =>
      journal.told('record.settled').filter((of) => of.member === member && of.disposition === 'done').length;
    const frozen = (member: string): number => journal.told('frozen').filter((of) => of.member === member).length;
    const reached = (member: string, records: number, freezes: number): Promise<void> =>
      journal.until(`${member}: ${records} done`, () => done(member) === records && frozen(member) === freezes);

    // By partition 6, 2 and 3 bookings are not behind a frozen one, by key 6, 4 and 4.
    const first = await stage.boot(BookingsModule.release(Amounts), 'first');
    await reached('first', 25, 4);
    await first.runtime.commit();
    const atFreeze = standings(first.runtime.inspect());
    say('two records have failed three times, all else is booked; runtime.inspect() says:');
    for (const line of draw(atFreeze)) stage.say(`   ${line}`);
    await first.close();

    // (a) Nothing past the records was committed: mended code starts with them, and nobody has to do anything.
    const second = await stage.boot(BookingsModule.release(MendedAmounts), 'second');
    await reached('second', 6, 2);
    await second.runtime.commit();
    const afterMending = standings(second.runtime.inspect());
    say(`started anew with code that reads commas: ${COMMA} and what waited behind it are booked`);
    for (const line of draw(afterMending)) stage.say(`   ${line}`);

    // (b) What no code can read is passed by a person's word, in both groups.
    second.runtime.unfreeze({ topic: 'bookings', partition: 2 }, { skip: true });
    await reached('second', 9, 2);
    say(`runtime.unfreeze({ topic: 'bookings', partition: 2 }, { skip: true }): what waited is booked`);
    await second.close();

    const runs = journal.runs();
    const ofGroup = async (groupId: string, laneOf: (run: Run) => string | number) => {
      const own = runs.filter((run) => run.groupId === groupId);
      const of = (member: string): Run[] => own.filter((run) => run.member === member);
      return {
        groupId,
        booked: own.filter(({ outcome }) => outcome === 'done').length,
        skipped: journal
          .told('record.settled')
          .filter((of) => of.groupId === groupId && of.disposition === 'skipped')
          .map(recordName),
        /** Begun by both processes: the failed ones, and nothing that was done. */
        redelivered: redelivered(own).toSorted(),
        outOfOrder: ['first', 'second'].flatMap((member) => outOfOrder(of(member), laneOf)),
        progress: await stage.progress(groupId, 'bookings'),
      };
    };
    return {
      atFreeze,
      afterMending,
      byPartition: await ofGroup('by-partition', ({ partition }) => partition),
      byKey: await ofGroup('by-key', ({ key }) => key ?? ''),
    };
  },

  show({ byPartition, byKey }) {
    return [
      '',
      ...table([
        ['group', 'booked', 'skipped', 'delivered again', 'order', 'committed', 'lag'],
        ...[byPartition, byKey].map(({ groupId, booked, skipped, redelivered, outOfOrder, progress }) => [
          groupId,
          booked,
          skipped.join(', '),
          redelivered.join(', '),
          outOfOrder.length === 0 ? 'kept' : `broken at ${outOfOrder.join(', ')}`,
          `${progress.committed.join(', ')} of ${progress.ends.join(', ')}`,
          progress.lag,
        ]),
      ]),
    ];
  },
});

function standings({ groups }: EngineSnapshot): Standing[] {
  return groups.flatMap(({ groupId, partitions }) =>
    [...partitions]
      .sort((a, b) => a.partition - b.partition)
      .map(({ partition, committed, heldBy, frozen: [frozen], buffered, parked }) => ({
        groupId,
        partition,
        committed,
        heldBy: heldBy?.offset,
        frozen: frozen?.scope === 'key' ? (frozen.key ?? undefined) : frozen?.scope,
        error: frozen?.error,
        waiting: buffered + parked - (frozen ? 1 : 0),
      })),
  );
}

function draw(standings: readonly Standing[]): string[] {
  return table([
    ['group', 'partition', 'committed', 'held by', 'frozen', 'error', 'waiting'],
    ...standings.map(({ groupId, partition, committed, heldBy, frozen, error, waiting }) => [
      groupId,
      partition,
      committed ?? 0,
      heldBy ?? '',
      frozen ?? '',
      error ?? '',
      waiting,
    ]),
  ]);
}
