import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { RedisClient } from '../../src/index.js';

/** A client of one of the libraries, with what tests need beside the store's own calls. */
export interface TestClient {
  readonly client: RedisClient;
  /** Sends any command. */
  send(...command: string[]): Promise<unknown>;
  /** Cuts the connection, whatever is under way. */
  end(): void;
}

/** Both libraries with their defaults: reconnecting, with a queue for what is asked while there is no connection. */
export const LIBRARIES: readonly { readonly name: string; connect(url: string): Promise<TestClient> }[] = [
  {
    name: 'ioredis',
    connect: async (url) => {
      const client = new Redis(url).on('error', () => undefined);
      await client.ping();
      return {
        client,
        send: (name, ...args) => client.call(name as string, ...args),
        end: () => {
          // one that has ended would begin a timer of its own
          if (client.status !== 'end') client.disconnect();
        },
      };
    },
  },
  {
    name: 'node-redis',
    connect: async (url) => {
      const client = createClient({ url }).on('error', () => undefined);
      await client.connect();
      return {
        client,
        send: (...command) => client.sendCommand(command),
        end: () => {
          if (client.isOpen) client.destroy();
        },
      };
    },
  },
];
