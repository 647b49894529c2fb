import kafkajs, { type CompressionTypes } from 'kafkajs';

/** How records can be compressed. */
export type CompressionName = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** kafkajs' number for a codec. */
export function compressionType(name: CompressionName): CompressionTypes {
  const types = kafkajs.CompressionTypes;
  return { none: types.None, gzip: types.GZIP, snappy: types.Snappy, lz4: types.LZ4, zstd: types.ZSTD }[name];
}

/** What to install for the codecs that kafkajs does not bring. */
export const MISSING_CODECS = [
  { name: 'snappy', install: 'snappyjs' },
  { name: 'lz4', install: 'lz4-napi' },
  { name: 'zstd', install: 'zstd-codec' },
] as const;
