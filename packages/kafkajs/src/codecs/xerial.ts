/** A compressor of plain blocks. */
export interface BlockCodec {
  compress(block: Buffer): Buffer;
  uncompress(block: Buffer): Buffer;
}

/** What the Java client's frames begin with. */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const VERSION = 1;
/** Magic, version, lowest version that can read it. */
const HEADER_BYTES = MAGIC.length + 8;
/** Bytes of one block before compression, as the Java client cuts them. */
const BLOCK_BYTES = 32 * 1024;

/** Data in the framing that Java's Snappy stream and so every Kafka client uses: a header, then blocks with lengths. */
export function frame(data: Buffer, codec: BlockCodec): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeInt32BE(VERSION, MAGIC.length);
  header.writeInt32BE(VERSION, MAGIC.length + 4);
  const parts: Buffer[] = [header];
  for (let at = 0; at < data.length; at += BLOCK_BYTES) {
    const block = codec.compress(data.subarray(at, at + BLOCK_BYTES));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/** The data of a frame. Some clients write one bare block instead; that is read too. Throws for a frame cut short. */
export function unframe(bytes: Buffer, codec: BlockCodec): Buffer {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return codec.uncompress(bytes);
  const blocks: Buffer[] = [];
  for (let at = HEADER_BYTES; at < bytes.length;) {
    if (at + 4 > bytes.length) throw new Error('snappy frame ends within a length');
    const end = at + 4 + bytes.readInt32BE(at);
    if (end < at + 4 || end > bytes.length) throw new Error('snappy frame ends within a block');
    blocks.push(codec.uncompress(bytes.subarray(at + 4, end)));
    at = end;
  }
  return Buffer.concat(blocks);
}
