import { createServer } from 'node:net';
import type { MemberSetup } from '../shop/common/member-setup.js';

/** Nobody but this machine is meant to ask. */
export const HOST = '127.0.0.1';

/** The wanted port, or any free one where the wanted one was not asked for. @throws Error where it was and is taken. */
export async function freePort({ wanted, asked }: MemberSetup['port']): Promise<number> {
  const port = await probe(wanted);
  if (port !== undefined) return port;
  if (asked) throw new Error(`port ${wanted} is taken; choose another one with --port, or leave it out`);
  return (await probe(0)) ?? 0;
}

/** @returns the port, or undefined where somebody listens on it. */
function probe(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, HOST, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}
