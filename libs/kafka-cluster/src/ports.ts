import { createServer } from 'node:net';

// Below every system's ephemeral range: a broker that is down for a while must find its port free again, and an
// outgoing connection of some other process would take a port of that range without asking.
const FIRST = 20_000;
const LAST = 32_000;
const ATTEMPTS = 200;

/** `count` different ports of 127.0.0.1 on which nobody listens at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; found.size < count && attempt < ATTEMPTS; attempt += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  if (found.size < count) throw new Error(`No ${count} free ports between ${FIRST} and ${LAST}`);
  return [...found];
}

/** Whether a server could listen on this port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
