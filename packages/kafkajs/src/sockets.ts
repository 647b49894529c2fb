import net from 'node:net';
import tls from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

/** After how long of silence the system asks whether the broker is still there. Milliseconds. */
const KEEP_ALIVE_MS = 60_000;

/**
 * The connections of one client, so that they can be cut. kafkajs closes a connection only when every request on it
 * has been answered, and a JoinGroup is answered when the slowest member of the group has joined.
 */
export class Sockets {
  private readonly open = new Set<net.Socket>();
  /** No connection is made any more. */
  closed = false;
  /** Connections were cut from here; stays true, since a client that was cut is about to close. */
  cutting = false;

  constructor(private readonly inner: ISocketFactory = connect) {}

  readonly factory: ISocketFactory = (args) => {
    if (this.closed) throw new Error('this client is closed');
    const socket = this.inner(args);
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
    return socket;
  };

  /** Fails every request under way. New connections may be made afterwards. */
  cut(): void {
    this.cutting = true;
    for (const socket of this.open) socket.destroy(new Error('cut while closing'));
  }

  /** For good. kafkajs connects again by itself where a call is still being answered while it disconnects. */
  close(): void {
    this.closed = true;
    this.cut();
  }
}

const connect: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  // SNI takes names only.
  const named = net.isIP(host) === 0 ? { servername: host } : {};
  const socket = ssl
    ? tls.connect({ host, port, ...named, ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect);
  return socket.setKeepAlive(true, KEEP_ALIVE_MS);
};
