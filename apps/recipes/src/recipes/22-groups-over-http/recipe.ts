import type { GroupAnswer, KafkaWorkerCommandEvent, PartitionsAnswer } from '@kafka-worker/nestjs/admin';
import { defineRecipe, redelivered, table, type Stage } from '../../harness/index.js';
import { CommandLog } from './command-log.js';
import { get, groupWhere, post, type Said } from './http.js';
import { RefundsModule } from './refunds.module.js';

const MEMBERS = ['first', 'second'] as const;
const PARTITIONS = 4;
const ROUNDS = 5;
/** What no attempt can pay. */
const POISON = { partition: 1, offset: 2 };
const WORKER = 'kafka/workers/RefundsWorker.onRefund';
const ANN = 'ann-token';
const TOM = 'tom-token';

/** A member with its port. */
interface Server {
  readonly id: string;
  readonly url: string;
  readonly log: CommandLog;
}

export const groupsOverHttp = defineRecipe({
  id: '22',
  title: 'Groups over HTTP',
  head: {
    order: 'each partition in the order of its log; a seek begins it anew at the offset it is sent to',
    failure: 'a record that fails holds its partition, until an operator sends it on with a POST',
    speed: "reading asks this process alone, or the brokers once; nothing of it stands in a handler's way",
    use: 'when people or scripts run the fleet: what a group is at, what holds it, pause, skip, replay, drain',
  },
  log: 'silent',

  async play(stage) {
    const { journal } = stage;
    await stage.seed({ topic: 'refunds', partitions: PARTITIONS, records: [] });
    const servers: Server[] = [];
    for (const id of MEMBERS) servers.push(await serve(stage, id));
    const [first] = servers as [Server];
    const group = `${first.url}/kafka/groups/refunding`;
    const say = (line: string): void => stage.say(`${stage.since()} ms  ${line}`);

    await groupWhere(group, 'two members', ({ state, members }) => state === 'Stable' && evenly(members));
    await stage.send('refunds', refunds());
    const stuck = await groupWhere(group, 'all but one partition done', ({ partitions }) =>
      partitions.every(({ partition, committed }) => committed === (partition === POISON.partition ? 2 : ROUNDS)),
    );
    say('GET /kafka/groups/refunding');
    for (const line of draw(stuck)) stage.say(`   ${line}`);

    // Any member can say how the group is; a command goes to the one that holds the partition.
    const holder = (partition: number): Server => {
      const owner = stuck.partitions.find((of) => of.partition === partition)?.ownerClientId;
      return servers.find(({ id }) => id === owner) ?? first;
    };
    const keeper = holder(POISON.partition);
    const { partitions } = await get<PartitionsAnswer>(`${keeper.url}/kafka/partitions?topic=refunds`);
    const why = partitions.find(({ partition }) => partition === POISON.partition)?.heldBy;
    say(`GET /kafka/partitions  ${POISON.partition}@${why?.offset} is ${why?.state}: ${why?.error}`);

    const said: [string, Said][] = [];
    const command = async (server: Server, path: string, body: object, token?: string): Promise<void> => {
      const answer = await post(`${server.url}/${path}`, body, token);
      const line = `POST /${path} ${JSON.stringify(body)}`;
      said.push([line, answer]);
      say(`${line}  ${answer.status}${answer.detail === undefined ? '' : ` ${answer.detail}`}`);
    };
    const skip = { topic: 'refunds', partition: POISON.partition, skip: true };
    await command(keeper, `${WORKER}/unfreeze`, skip);
    await command(keeper, `${WORKER}/unfreeze`, skip, TOM);
    await command(keeper, `${WORKER}/unfreeze`, skip, ANN);
    const free = await groupWhere(group, 'no lag', ({ lag }) => lag === 0);

    // What was paid twice is somebody else's question: recipe 16.
    const replay = (offset: number): object => ({ topic: 'refunds', partition: 0, to: { offset } });
    await command(holder(0), `${WORKER}/seek`, replay(99), ANN);
    await command(holder(0), `${WORKER}/seek`, replay(3), ANN);
    await journal.until('0/3 and 0/4 again', () => redelivered(journal.runs()).includes('0/4'));

    const last = servers.at(-1) ?? first;
    await command(last, 'kafka/drain', {}, ANN);
    const alone = await groupWhere(
      group,
      'one member',
      ({ state, lag, members }) => state === 'Stable' && lag === 0 && members[0]?.partitions.length === PARTITIONS,
    );
    say(`${last.id} has left; ${alone.members[0]?.clientId} holds ${PARTITIONS} partitions`);

    return {
      stuck: rows(stuck),
      why: { offset: why?.offset, state: why?.state, error: why?.error },
      said: said.map(([line, { status }]) => `${status} ${line}`),
      refusals: said.flatMap(([, { detail }]) => detail ?? []),
      freedLag: free.lag,
      membersLeft: alone.members.map(({ clientId, partitions }) => `${clientId} ${partitions.length}`),
      redelivered: redelivered(journal.runs()).filter((record) => !record.startsWith(`${POISON.partition}/`)),
      audit: servers.flatMap(({ log }) => log.events).toSorted((a, b) => a.at - b.at),
      progress: await stage.progress('refunding', 'refunds'),
    };
  },

  show({ audit, progress, redelivered }) {
    return [
      '',
      ...table([['who', 'command', 'body', 'outcome', 'status'], ...audit.map(auditRow)]),
      '',
      `handled again after the seek: ${redelivered.join(', ')}`,
      `committed: ${progress.committed.join(', ')} of ${progress.ends.join(', ')} · lag ${progress.lag}`,
    ];
  },
});

async function serve(stage: Stage, id: string): Promise<Server> {
  const { app } = await stage.boot(RefundsModule, id);
  await app.listen(0, '127.0.0.1');
  return { id, url: await app.getUrl(), log: app.get(CommandLog) };
}

function refunds() {
  return Array.from({ length: PARTITIONS * ROUNDS }, (_, i) => {
    const at = { partition: i % PARTITIONS, offset: Math.floor(i / PARTITIONS) };
    const isPoison = at.partition === POISON.partition && at.offset === POISON.offset;
    return { partition: at.partition, value: { id: `refund-${i}`, amount: isPoison ? 0 : 1000 } };
  });
}

function evenly(members: GroupAnswer['members']): boolean {
  return members.length === MEMBERS.length && members.every(({ partitions }) => partitions.length === 2);
}

/** Owners are told by how many each has: which one gets which is the assignment's business. */
function rows({ partitions }: GroupAnswer) {
  return partitions.map(({ partition, committed, end, lag }) => ({ partition, committed, end, lag }));
}

function draw({ partitions }: GroupAnswer): string[] {
  return table([
    ['partition', 'committed', 'end', 'lag', 'owner'],
    ...partitions.map(({ partition, committed, end, lag, ownerClientId }) => [
      partition,
      committed ?? '',
      end,
      lag ?? '',
      ownerClientId ?? '',
    ]),
  ]);
}

function auditRow({ who, command, body, outcome, status }: KafkaWorkerCommandEvent): (string | number)[] {
  return [who, command, JSON.stringify(body), outcome, status];
}
