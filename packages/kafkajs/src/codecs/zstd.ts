import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { ZstdStreaming } from 'zstd-codec';
import { present, type Codec } from './codec.js';

type Transform = (data: Buffer, done: (error: Error | null, result: Buffer) => void) => void;

/** Zstandard by Node itself where it has it (22.15, 23.8 and later), else through `zstd-codec`. */
export async function loadZstd(): Promise<Codec> {
  return builtIn() ?? (await fromPackage());
}

function builtIn(): Codec | undefined {
  const { zstdCompress, zstdDecompress } = zlib as { zstdCompress?: Transform; zstdDecompress?: Transform };
  if (!zstdCompress || !zstdDecompress) return undefined;
  return { compress: promisify(zstdCompress), decompress: promisify(zstdDecompress) };
}

async function fromPackage(): Promise<Codec> {
  const { default: zstd } = await import('zstd-codec');
  // Its simple interface answers with nothing for frames that do not name their size, as those of the Java client.
  const streaming = await new Promise<ZstdStreaming>((resolve) => {
    zstd.ZstdCodec.run(({ Streaming }) => resolve(new Streaming()));
  });
  return {
    compress: async (data) => present(streaming.compress(data)),
    decompress: async (data) => present(streaming.decompress(data)),
  };
}
