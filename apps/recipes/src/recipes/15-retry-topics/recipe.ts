import { readDeadLetters, replayDeadLetters, type ListedDeadLetter, type ReplayTotals } from '@kafka-worker/dlq';
import type { EngineSnapshot, FreezeSnapshot, KafkaDriver } from '@kafka-worker/nestjs';
import {
  defineRecipe,
  drawTimeline,
  KafkaConfig,
  recordName,
  table,
  type Run,
  type SeedRecord,
} from '../../harness/index.js';
import { CarrierService, type Shipment } from './carrier.service.js';
import { ShipmentsModule } from './shipments.module.js';

const TOPIC = 'shipments';
const DEAD = 'shipments.dead';
/** Depots, and how many calls each of them refuses at first. West is down until somebody mends it. */
const DEPOTS = { home: 0, north: 1, east: 2, south: 4, west: Infinity };
const PER_ACT = 6;

/** Why a topic's partition stands. */
export type Standing = Pick<FreezeSnapshot, 'scope' | 'reason' | 'error'> & { readonly topic: string };

export const retryAndReplay = defineRecipe({
  id: '15',
  title: 'Retry, retry topics, dead letters, replay',
  head: {
    order: 'records of one key one after the other; what waits in a retry topic, or is replayed, is overtaken',
    failure:
      'two attempts in the lane, more from retry topics after 200 and 400 ms, then a dead letter, or too many: freeze',
    speed: 'nobody waits for a record that is tried later, neither its key nor its partition',
    use: 'calls of a service that is down at times, where going on matters more than order',
  },
  log: 'silent',

  async play(stage) {
    const { journal } = stage;
    const say = (line: string): void => stage.say(`${stage.since()} ms  ${line}`);
    await stage.seed({ topic: TOPIC, partitions: 1, records: [] });
    const { app, runtime, close } = await stage.boot(ShipmentsModule);
    const carrier = app.get(CarrierService);
    const { driver } = app.get(KafkaConfig);
    const deadLetters = (): number =>
      journal.told('record.settled').filter(({ disposition }) => disposition === 'dead-lettered').length;

    // Depots that are down for one call, for two, for four, and for good.
    for (const [depot, refusals] of Object.entries(DEPOTS)) carrier.down.set(depot, refusals);
    await stage.send(TOPIC, shipments(1, ['home', 'north', 'east', 'south', 'west', 'west']));
    await journal.until('two dead letters', () => deadLetters() === 2 && carrier.taken.length === 4);
    const runs = journal.runs();
    const first = { taken: [...carrier.taken], deadLetters: deadLetters(), budget: budgetOf(runtime.inspect()) };
    say(`depots down for a while: ${first.taken.length} of ${PER_ACT} taken over, ${first.deadLetters} dead letters`);

    // All of them are down: what is left of the budget goes, then the partition stands instead of being poured out.
    for (const depot of Object.keys(DEPOTS)) carrier.down.set(depot, Infinity);
    await stage.send(TOPIC, shipments(7, ['home', 'north', 'east', 'south', 'west', 'west']));
    await journal.until('the freeze', () => deadLetters() === 4 && journal.told('frozen').length > 0);
    const outage = {
      taken: carrier.taken.length,
      deadLetters: deadLetters(),
      budget: budgetOf(runtime.inspect()),
      frozen: frozenOf(runtime.inspect()),
    };
    say(`all are down: ${outage.deadLetters} dead letters by now, no more; runtime.inspect() says:`);
    for (const { topic, scope, error } of outage.frozen) stage.say(`   ${topic}, ${scope} frozen: ${error}`);

    carrier.down.clear();
    runtime.unfreeze();
    await journal.until('the rest of the outage', () => carrier.taken.length === 8);
    say(`all are back, runtime.unfreeze(): ${carrier.taken.length} of ${2 * PER_ACT} taken over`);

    const letters = await list(driver);
    say(`${letters.length} dead letters; what the headers of the first one say:`);
    for (const [name, value] of Object.entries(letters[0]?.payload?.headers ?? {})) stage.say(`   ${name}: ${value}`);

    // From code; the command does the same.
    const dryRun = await replay(driver, true);
    say(`npx @kafka-worker/dlq replay ${DEAD}: ${dryRun.sent} would be sent`);
    const executed = await replay(driver, false);
    say(`the same with --execute: ${executed.sent} sent to where they came from`);
    const again = await replay(driver, false);
    say(`and once more: ${again.sent} sent`);
    await journal.until('everything taken over', () => carrier.taken.length === 2 * PER_ACT);
    say(`${carrier.taken.length} of ${2 * PER_ACT} taken over`);
    await close();

    return {
      runs,
      /** Where each shipment of the first act was tried. */
      tries: Object.fromEntries(
        [...new Set(runs.map(({ key }) => key ?? ''))].map((id) => [
          id,
          runs.filter(({ key }) => key === id).map(({ topic }) => placeOf(topic)),
        ]),
      ),
      first,
      outage,
      letters: letters.map(({ partition, offset, origin, payload }) => ({
        partition,
        offset,
        from: { topic: origin?.topic, partition: origin?.partition ?? -1, offset: origin?.offset ?? -1 },
        attempts: origin?.attempts ?? 0,
        error: `${origin?.errorClass}: ${origin?.errorMessage}`,
        headers: Object.keys(payload?.headers ?? {}),
      })),
      dryRun,
      executed,
      again,
      taken: carrier.taken,
      progress: await stage.progress('dispatch', TOPIC),
      replayed: await stage.progress(`${DEAD}.replay`, DEAD),
    };
  },

  show({ runs, letters, executed, again, taken, progress }) {
    return [
      '',
      'Depots down for a while (s: in its lane, 2 and 4: from the retry topics, !: failed):',
      ...drawTimeline(runs, { line: ({ key }: Run) => key ?? '', mark: ({ topic }: Run) => placeOf(topic)[0] ?? '' }),
      '',
      ...table([
        ['dead letter', 'from', 'attempts', 'error'],
        ...letters.map((letter) => [
          `${DEAD}/${recordName(letter)}`,
          `${letter.from.topic}/${recordName(letter.from)}`,
          letter.attempts,
          letter.error,
        ]),
      ]),
      '',
      `replayed: ${executed.sent}, the second time ${again.sent} · taken over: ${taken.length}, each once: ${new Set(taken).size === taken.length ? 'yes' : 'no'}`,
      `committed: ${progress.committed.join(', ')} of ${progress.ends.join(', ')} · lag ${progress.lag}`,
    ];
  },
});

function shipments(first: number, depots: readonly string[]): SeedRecord[] {
  return depots.map((depot, i) => {
    const id = `${depot}-${first + i}`;
    return { key: id, value: { id, depot } satisfies Shipment };
  });
}

/** `shipments`, `200`, `400`. */
function placeOf(topic: string): string {
  return topic.split('.retry-').at(-1) ?? topic;
}

async function list(driver: KafkaDriver): Promise<ListedDeadLetter[]> {
  const letters: ListedDeadLetter[] = [];
  for await (const letter of readDeadLetters({ driver, topic: DEAD, values: true })) letters.push(letter);
  return letters;
}

async function replay(driver: KafkaDriver, dryRun: boolean): Promise<ReplayTotals> {
  const { totals, problems } = await replayDeadLetters({ driver, topic: DEAD, filter: { fromTopic: TOPIC }, dryRun });
  for (const { message } of problems) throw new Error(message);
  return totals;
}

/** Dead letters that are still in order. */
function budgetOf({ groups }: EngineSnapshot): number | undefined {
  return groups[0]?.workers[0]?.deadLetterBudget;
}

/** What stands, and why. */
function frozenOf({ groups }: EngineSnapshot): Standing[] {
  return groups.flatMap(({ partitions }) =>
    partitions.flatMap(({ topic, frozen: [first] }) =>
      first ? [{ topic, scope: first.scope, reason: first.reason, error: first.error }] : [],
    ),
  );
}
