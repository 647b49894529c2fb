/** The part of zstd-codec that is used; the package brings no types. */
declare module 'zstd-codec' {
  export interface ZstdStreaming {
    compress(data: Uint8Array, level?: number): Uint8Array | null;
    decompress(data: Uint8Array, sizeHint?: number): Uint8Array | null;
  }
  const zstdCodec: {
    ZstdCodec: {
      run(ready: (zstd: { Streaming: new () => ZstdStreaming }) => void): void;
    };
  };
  export default zstdCodec;
}
