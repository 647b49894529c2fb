import net from 'node:net';
import type { ISocketFactory } from 'kafkajs';

/** Connections that can be cut in the middle of things. */
export class Wires {
  private readonly open = new Set<net.Socket>();

  readonly factory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = net.connect({ host, port }, onConnect);
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
    return socket;
  };

  /** How many are open. */
  get count(): number {
    return this.open.size;
  }

  cut(): void {
    for (const socket of this.open) socket.destroy(new Error('cut by the test'));
  }
}
