import type { KafkaCluster } from '@app/kafka-cluster';
import type { GroupAnswer } from '@kafka-worker/nestjs/admin';

const CLASS = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';
/** What it prints in place of nothing. */
const NOTHING = '-';

/** A group as Kafka's own command says it and as `GET groups/:groupId` does: the fields that both have. */
export interface GroupFields {
  readonly state: string;
  readonly protocol: string;
  readonly members: readonly string[];
  readonly partitions: readonly string[];
}

/** `--describe --state`, `--describe --members --verbose` and `--describe` of Kafka's command. */
export async function commandFields(cluster: KafkaCluster, groupId: string): Promise<GroupFields> {
  const [state] = await rows(cluster, groupId, '--state');
  const members = await rows(cluster, groupId, '--members', '--verbose');
  const partitions = await rows(cluster, groupId);
  const given = (value: string | undefined): string => (value === undefined || value === NOTHING ? '' : value);
  if (Number(state?.['#MEMBERS']) !== members.length) throw new Error('the command contradicts itself');
  return {
    state: given(state?.['STATE']),
    protocol: given(state?.['ASSIGNMENT-STRATEGY']),
    members: members
      .map((row) => [row['CONSUMER-ID'], row['HOST'], row['CLIENT-ID'], row['#PARTITIONS'], row['CURRENT-ASSIGNMENT']])
      .map((fields) => fields.join(' '))
      .toSorted(),
    partitions: partitions
      .map((row) =>
        ['TOPIC', 'PARTITION', 'CURRENT-OFFSET', 'LOG-END-OFFSET', 'LAG', 'CONSUMER-ID', 'CLIENT-ID'].map(
          (name) => row[name],
        ),
      )
      .map((fields) => fields.join(' '))
      .toSorted(),
  };
}

/** The answer, in the words of the command. */
export function answerFields({ state, protocol, members, partitions }: GroupAnswer): GroupFields {
  const or = (value: string | number | null): string => (value === null ? NOTHING : String(value));
  return {
    state,
    protocol,
    members: members
      .map(({ memberId, host, clientId, partitions }) => [
        ...[memberId, host, clientId, partitions.length],
        // of one topic
        `${partitions[0]?.topic}:${partitions.map(({ partition }) => partition).join()}`,
      ])
      .map((fields) => fields.join(' '))
      .toSorted(),
    partitions: partitions
      .map(({ topic, partition, committed, end, lag, owner, ownerClientId }) =>
        [topic, partition, committed, end, lag, owner, ownerClientId].map(or).join(' '),
      )
      .toSorted(),
  };
}

/** What the command prints: rows by the names of their columns. */
async function rows(cluster: KafkaCluster, groupId: string, ...options: string[]): Promise<Record<string, string>[]> {
  const { stdout, stderr, code } = await cluster.runTool(CLASS, ['--describe', '--group', groupId, ...options]);
  const lines = stdout.split('\n').map((line) => line.replace('COORDINATOR (ID)', 'COORDINATOR ID').trim());
  const start = lines.findIndex((line) => line.startsWith('GROUP '));
  if (start === -1) {
    if (code === 0) return []; // "has no active members"
    throw new Error(`${CLASS} ended with ${code}:\n${stdout}${stderr}`);
  }
  const [head = [], ...table] = lines.slice(start).flatMap((line) => (line === '' ? [] : [line.split(/\s+/)]));
  return table.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i] ?? ''])));
}
