/** Between two looks. Milliseconds. */
const POLL_MS = 20;

/** Looks until `look` is true; a look that throws is not true yet. Throws after `timeoutMs`. */
export async function eventually(
  what: string,
  look: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      if (await look()) return;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause });
    await pause(POLL_MS);
  }
}

/** Lets time pass that belongs to a scenario. Never a substitute for waiting for something. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
