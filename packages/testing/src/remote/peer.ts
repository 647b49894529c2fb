import type { Socket } from 'node:net';
import { KafkaWorkerError } from '@kafka-worker/engine';
import { type Deferred, deferred } from '../clock/deferred.js';
import { decode, encode } from './codec.js';
import { fromWireError, toWireError, type WireError } from './wire-error.js';

/** What can be called at the other end. */
export type Methods<T> = { readonly [K in keyof T]: (...args: never[]) => unknown };

type AnyMethods = Readonly<Record<string, ((...args: never[]) => unknown) | undefined>>;

/** One message: a call (without `id` when nobody waits for an answer), or the answer to one. */
interface Message {
  readonly id?: number;
  readonly call?: string;
  readonly args?: readonly unknown[];
  readonly result?: unknown;
  readonly error?: WireError;
}

const LENGTH_BYTES = 4;

/**
 * One end of a connection over which both ends call each other: messages of JSON, each after its length in 4 bytes.
 * Calls are started in the order in which they were sent; answers come when they come.
 */
export class Peer<Other extends Methods<Other>> {
  /** Calls that wait for their answer, by id. */
  readonly #waiting = new Map<number, Deferred<unknown>>();
  #nextId = 1;
  #methods: AnyMethods = {};
  #closed = false;
  #received: Buffer = Buffer.alloc(0);

  constructor(
    private readonly socket: Socket,
    /** Called once, whichever end closed the connection. */
    private readonly onClose: () => void,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    // `close` follows every error and is what counts.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#close());
  }

  /** What the other end may call from now on. */
  serve<Own extends Methods<Own>>(methods: Own): void {
    this.#methods = methods as unknown as AnyMethods;
  }

  /** Rejects with `CONNECTION` when the connection goes before the answer comes. */
  call<K extends keyof Other & string>(name: K, ...args: Parameters<Other[K]>): Promise<Awaited<ReturnType<Other[K]>>> {
    if (this.#closed) return Promise.reject(connectionLost());
    const answer = deferred<unknown>();
    const id = this.#nextId++;
    this.#waiting.set(id, answer);
    this.#send({ id, call: name, args });
    return answer.promise as Promise<Awaited<ReturnType<Other[K]>>>;
  }

  /** Calls without waiting for an answer. Goes nowhere when the connection is gone. */
  notify<K extends keyof Other & string>(name: K, ...args: Parameters<Other[K]>): void {
    this.#send({ call: name, args });
  }

  /** Sends what is left and closes. */
  end(): void {
    this.socket.end();
  }

  /** Closes at once. */
  destroy(): void {
    this.socket.destroy();
  }

  #send(message: Message): void {
    if (this.#closed) return;
    const body = encode(message);
    const head = Buffer.alloc(LENGTH_BYTES);
    head.writeUInt32BE(body.length);
    this.socket.write(Buffer.concat([head, body]));
  }

  #receive(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    let at = 0;
    while (this.#received.length >= at + LENGTH_BYTES) {
      const end = at + LENGTH_BYTES + this.#received.readUInt32BE(at);
      if (this.#received.length < end) break;
      const message = decode(this.#received.subarray(at + LENGTH_BYTES, end)) as Message;
      at = end;
      if (message.call !== undefined) void this.#handle(message.call, message);
      else this.#answer(message);
    }
    this.#received = this.#received.subarray(at);
  }

  async #handle(call: string, { id, args = [] }: Message): Promise<void> {
    try {
      const method = Object.hasOwn(this.#methods, call) ? this.#methods[call] : undefined;
      if (!method) throw new Error(`the other end has no "${call}"`);
      const result = await method(...(args as never[]));
      if (id !== undefined) this.#send({ id, result });
    } catch (error) {
      if (id !== undefined) this.#send({ id, error: toWireError(error) });
      // Nobody waits for this one: let it be seen.
      else throw error;
    }
  }

  #answer({ id, result, error }: Message): void {
    const answer = this.#waiting.get(id ?? 0);
    this.#waiting.delete(id ?? 0);
    if (error) answer?.reject(fromWireError(error));
    else answer?.resolve(result);
  }

  #close(): void {
    this.#closed = true;
    for (const answer of this.#waiting.values()) answer.reject(connectionLost());
    this.#waiting.clear();
    this.onClose();
  }
}

function connectionLost(): KafkaWorkerError {
  return new KafkaWorkerError('CONNECTION', 'the connection to the cluster is gone', { canRetry: true });
}
