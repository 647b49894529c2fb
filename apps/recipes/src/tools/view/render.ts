import { table } from '../../harness/table.js';
import type { ClusterView } from './cluster-view.js';

/** The view as lines. */
export function render({ topics, groups, others }: ClusterView): string[] {
  if (topics.length === 0) return ['no topics'];
  const lines = table([
    ['topic', 'partitions', 'records', 'end offsets'],
    ...topics.map(({ topic, ends, records }) => [topic, ends.length, records, short(ends)]),
  ]);
  if (groups.length > 0) {
    lines.push(
      '',
      ...table([
        ['group', 'state', 'topic', 'partition', 'committed', 'end', 'lag', 'member'],
        ...groups.flatMap(({ groupId, state, topic, lag, partitions }) => [
          [groupId, state, topic, 'all', '', '', lag, ''],
          ...partitions.map(({ partition, committed, end, lag, owner }) => [
            '',
            '',
            '',
            String(partition),
            String(committed ?? 'none'),
            String(end),
            lag,
            owner ?? 'nobody',
          ]),
        ]),
      ]),
    );
  }
  if (others.length > 0) {
    lines.push(
      '',
      ...table([
        ['group without partitions here', 'state', 'members'],
        ...others.map(({ groupId, state, members }) => [groupId, state, members.length]),
      ]),
    );
  }
  return lines;
}

function short(ends: readonly number[]): string {
  const shown = ends.slice(0, 16).join(', ');
  return ends.length > 16 ? `${shown}, …` : shown;
}
