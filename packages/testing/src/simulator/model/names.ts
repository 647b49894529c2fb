/** How a partition of a group is named in maps. */
export function keyOf(group: number, topic: number, partition: number): string {
  return `${group}/${topic}/${partition}`;
}

/** `t3`, `g3`, `w3`: 3. */
export function numberOf(name: string): number {
  return Number(name.slice(1));
}
