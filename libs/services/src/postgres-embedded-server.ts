import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { PGlite } from '@electric-sql/pglite';
import type { PostgresServer } from './postgres.js';

/** The message that says goodbye. */
const TERMINATE = 'X'.charCodeAt(0);

/**
 * A PostgreSQL inside of this process that others reach as they reach any: empty at the start, in memory only. It has
 * one session, so one connection is served at a time and the next one waits for its end: pools need `max: 1`. A
 * connection that breaks takes its transaction back with it, as on a server.
 */
export async function serveEmbeddedPostgres(): Promise<Pick<PostgresServer, 'url' | 'stop'>> {
  const database = await PGlite.create();
  const sockets = new Set<Socket>();
  let served: Promise<void> = Promise.resolve();
  const server = createServer((socket) => {
    sockets.add(socket);
    const gone = new Promise<void>((resolve) => {
      socket.once('close', () => {
        sockets.delete(socket);
        resolve();
      });
    });
    socket.on('error', () => undefined); // a killed client; `close` follows
    served = served.then(async () => {
      const connection = new Connection(database, socket);
      await gone;
      await connection.end();
    });
  });
  const port = await listen(server);
  const end = async (): Promise<void> => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await served;
    await database.close();
  };
  let stopped: Promise<void> | undefined;
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop: () => (stopped ??= end()) };
}

/** Hands a client's messages to the session one by one, as whole as the protocol wants them. */
class Connection {
  #received = Buffer.alloc(0);
  /** The first message has no type in front of its length. */
  #isOpen = false;
  #answered: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: PGlite,
    private readonly socket: Socket,
  ) {
    socket.on('data', (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      for (let message = this.#next(); message !== undefined; message = this.#next()) this.#hand(message);
    });
  }

  /** Leaves the session as the next one wants to find it. */
  async end(): Promise<void> {
    await this.#answered;
    await this.database.exec('ROLLBACK');
    await this.database.exec('DISCARD ALL');
  }

  #next(): Buffer | undefined {
    const type = this.#isOpen ? 1 : 0;
    if (this.#received.length < type + 4) return undefined;
    const length = type + this.#received.readInt32BE(type);
    if (this.#received.length < length) return undefined;
    const message = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return message;
  }

  #hand(message: Buffer): void {
    const isLast = this.#isOpen && message[0] === TERMINATE;
    this.#isOpen = true;
    this.#answered = this.#answered.then(async () => {
      if (isLast) this.socket.end();
      else this.socket.write(await this.database.execProtocolRaw(message));
    });
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
