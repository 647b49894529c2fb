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

/** Narrower terminals see the port alone. */
const FOR_URLS = 96;

/** A line for each process of the group. */
export function renderMembers(members: readonly MemberView[], columns: number): readonly Line[] {
  return members.map((member) => [
    span(' member ', 'dim'),
    right(member.number, 2, 'bold'),
    span('  pid ', 'dim'),
    left(String(member.pid), 8),
    left(member.state, 12, STYLES[member.state]),
    ...(member.endedAgoMs === undefined ? living(member, columns) : [span(ago(member.endedAgoMs), 'dim')]),
  ]);
}

function living({ generation, partitions, running, http = '' }: MemberView, columns: number): Line {
  return [
    span('gen ', 'dim'),
    left(generation < 0 ? '-' : count(generation), 4),
    right(plural(partitions, 'partition'), 13),
    span('  running ', 'dim'),
    right(running, 3),
    span(`  ${columns < FOR_URLS ? http.slice(http.lastIndexOf(':')) : http}`, 'dim'),
  ];
}
