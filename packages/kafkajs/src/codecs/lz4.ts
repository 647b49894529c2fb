import type { Codec } from './codec.js';

/** LZ4 frames through `lz4-napi`, off the main thread. */
export async function loadLz4(): Promise<Codec> {
  const { default: lz4 } = await import('lz4-napi');
  return {
    compress: (data) => lz4.compressFrame(data),
    decompress: (data) => lz4.decompressFrame(data),
  };
}
