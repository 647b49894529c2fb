import type { Codec } from './codec.js';
import { frame, unframe, type BlockCodec } from './xerial.js';

/** Snappy through `snappyjs`, in the framing of the Java client. */
export async function loadSnappy(): Promise<Codec> {
  const { default: snappy } = await import('snappyjs');
  const blocks: BlockCodec = {
    compress: (block) => snappy.compress(block),
    uncompress: (block) => snappy.uncompress(block),
  };
  return {
    compress: async (data) => frame(data, blocks),
    decompress: async (data) => unframe(data, blocks),
  };
}
