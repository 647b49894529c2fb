import { ensureError } from '@kafka-worker/engine';
import kafkajs from 'kafkajs';

/** A codec in the middle of kafkajs: whole buffers in, whole buffers out. */
export interface Codec {
  compress(data: Buffer): Promise<Buffer>;
  decompress(data: Buffer): Promise<Buffer>;
}

/** What kafkajs keeps in its table. `compress` gets the encoder that holds the records. */
export interface KafkajsCodec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(data: Buffer): Promise<Buffer>;
}

/**
 * A codec whose package is loaded when the first record needs it, so that nobody pays for what is not used.
 * Where the package cannot be loaded it fails as kafkajs does for a codec it does not have, with the reason as cause.
 */
export function lazyCodec(name: string, load: () => Promise<Codec>): () => KafkajsCodec {
  let loading: Promise<Codec> | undefined;
  const codec = (): Promise<Codec> => {
    loading ??= load().catch((cause: unknown) => {
      loading = undefined; // it may have been installed when the client starts again
      const missing = new NotImplemented(`${name} compression not implemented`);
      throw Object.assign(missing, { cause: ensureError(cause) });
    });
    return loading;
  };
  const registered: KafkajsCodec = {
    compress: async ({ buffer }) => (await codec()).compress(buffer),
    decompress: async (data) => {
      const { decompress } = await codec();
      // What cannot be read now cannot be read later: `retriable: false` keeps kafkajs from reading it for ever.
      return decompress(data).catch((error: unknown) => Promise.reject(broken(name, error)));
    },
  };
  return () => registered;
}

/** Told apart by kafkajs by its name alone; the class is exported but missing in its types. */
class NotImplemented extends kafkajs.KafkaJSNonRetriableError {
  override readonly name = 'KafkaJSNotImplemented';
}

function broken(name: string, thrown: unknown): Error {
  const cause = ensureError(thrown);
  return Object.assign(new kafkajs.KafkaJSNonRetriableError(`${name} data is broken: ${cause.message}`), { cause });
}

/** `data`, or an error where a package answers with nothing. */
export function present(data: Uint8Array | null | undefined): Buffer {
  if (!data) throw new Error('no result');
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
