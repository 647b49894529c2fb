/** How long nothing has to come until an end that holds no record counts as reached. Milliseconds. */
export const DEFAULT_SILENCE_MS = 5_000;

/** A tool that was killed is missed soon: its partitions are free for the next run after this. Milliseconds. */
export const DEFAULT_SESSION_TIMEOUT_MS = 10_000;
