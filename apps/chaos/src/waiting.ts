export { eventually } from '@app/kafka-cluster';

/** Lets time pass that belongs to a scenario. Never a substitute for waiting for something. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
