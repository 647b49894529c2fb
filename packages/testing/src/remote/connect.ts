import { connect as connectSocket } from 'node:net';
import { KafkaWorkerError } from '@kafka-worker/engine';
import type { InMemoryDriverOptions } from '../driver.js';
import { type Methods, Peer } from './peer.js';
import type { ClientOptions, OpenCalls, Role } from './protocol.js';

/** Where a served cluster is reached, and the options of the driver. One of `port` and `path` is needed. */
export interface RemoteDriverOptions extends InMemoryDriverOptions {
  /** Port of `serveCluster` on the loopback interface. */
  readonly port?: number;
  /** Unix socket of `serveCluster`. */
  readonly path?: string;
}

/** Opens a connection for one client. Rejects with `CONNECTION` where nobody listens. */
export async function open<Calls extends Methods<Calls>>(
  { port, path, ...driver }: RemoteDriverOptions,
  role: Role,
  onClose: () => void,
  client?: ClientOptions,
): Promise<Peer<Calls>> {
  const where = path === undefined ? { host: '127.0.0.1', port: port ?? 0 } : { path };
  const socket = connectSocket(where);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (cause) => {
      reject(
        new KafkaWorkerError('CONNECTION', `no cluster listens at ${path ?? `port ${port}`}`, {
          cause,
          canRetry: true,
        }),
      );
    });
  });
  const peer = new Peer<OpenCalls>(socket, onClose);
  await peer.call('open', role, driver, ...(client ? [client] : []));
  return peer as unknown as Peer<Calls>;
}
