import net from 'node:net';
import type { ISocketFactory } from 'kafkajs';
import type { Gate } from './gate.js';

/** Kafka's number of the request that ends a transaction; its last byte says whether it is committed. */
const END_TXN = 26;
const COMMIT = 1;
/** Requests begin with their size in four bytes, then the number in two. */
const NUMBER_AT = 4;

/** Connections with a gate before the commit of a transaction, which the client sends in the middle of its own call. */
export function gatedWire(gate: Gate): ISocketFactory {
  return ({ host, port, onConnect }) => {
    const socket = net.connect({ host, port }, onConnect);
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
    const gated = (request: unknown, ...others: unknown[]): boolean => {
      const held = commits(request) ? gate.hold('ending', `${host}:${port}`) : undefined;
      if (held === undefined) return write(request, ...others);
      void held.then(() => write(request, ...others));
      return true;
    };
    return Object.assign(socket, { write: gated });
  };
}

function commits(request: unknown): boolean {
  return Buffer.isBuffer(request) && request.readInt16BE(NUMBER_AT) === END_TXN && request.at(-1) === COMMIT;
}
