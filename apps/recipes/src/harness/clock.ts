/** Milliseconds of the machine's monotonic clock, the same in every process, so that their events can be put in order. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
