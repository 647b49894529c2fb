import { createServer } from 'node:net';

// Below every system's ephemeral range: a server that is down for a while must find its port free again, and an
// outgoing connection of some other process would take a port of that range without asking.
const FIRST = 20_000;
const LAST = 32_000;
const ATTEMPTS = 200;

/** A port of 127.0.0.1 on which nobody listens at this moment. */
export async function freeRedisPort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port between ${FIRST} and ${LAST}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
