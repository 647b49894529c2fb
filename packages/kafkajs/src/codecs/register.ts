import kafkajs, { type CompressionTypes } from 'kafkajs';
import { lazyCodec, type KafkajsCodec } from './codec.js';
import { loadLz4 } from './lz4.js';
import { loadSnappy } from './snappy.js';
import { loadZstd } from './zstd.js';

type Table = Record<CompressionTypes, () => KafkajsCodec>;

/**
 * Puts snappy, lz4 and zstd into kafkajs' table of codecs, which all clients in the process share. A codec that is
 * registered already is left alone. The packages are loaded with the first record that needs them; one that is not
 * installed is no error until then. Called by the driver; calling it again is harmless.
 */
export function registerOptionalCodecs(): void {
  const { Snappy, LZ4, ZSTD } = kafkajs.CompressionTypes;
  register(Snappy, lazyCodec('Snappy', loadSnappy));
  register(LZ4, lazyCodec('LZ4', loadLz4));
  register(ZSTD, lazyCodec('ZSTD', loadZstd));
}

function register(type: CompressionTypes, codec: () => KafkajsCodec): void {
  const table = kafkajs.CompressionCodecs as Table;
  if (!isRegistered(table[type])) table[type] = codec;
}

/** kafkajs fills the places of the codecs it does not have with functions that throw. */
function isRegistered(codec: () => KafkajsCodec): boolean {
  try {
    codec();
    return true;
  } catch {
    return false;
  }
}
