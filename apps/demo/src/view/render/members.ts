import { ago, count, plural } from '../format.js';
import { left, right, span, type Line, type Style } from '../text.js';
import type { MemberState, MemberView } from '../view-state.js';

const STYLES: Readonly<Record<MemberState, Style>> = {
  starting: 'yellow',
  connecting: 'yellow',
  joined: 'green',
  rebalancing: 'yellow',
  draining: 'yellow',
  crashed: 'red',
  stopped: 'dim',
  left: 'dim',
  killed: 'red',
  failed: 'red',
};

/** A line for each process of the group. */
export function renderMembers(members: readonly MemberView[]): readonly Line[] {
  return members.map((member) => [
    span(' member ', 'dim'),
    right(member.number, 2, 'bold'),
    span('  pid ', 'dim'),
    left(String(member.pid), 8),
    left(member.state, 12, STYLES[member.state]),
    ...(member.endedAgoMs === undefined ? living(member) : [span(ago(member.endedAgoMs), 'dim')]),
  ]);
}

function living({ generation, partitions, running, http }: MemberView): Line {
  return [
    span('generation ', 'dim'),
    left(generation < 0 ? '-' : count(generation), 4),
    right(plural(partitions, 'partition'), 13),
    span('  running ', 'dim'),
    right(running, 3),
    span(`  ${http ?? ''}`, 'dim'),
  ];
}
