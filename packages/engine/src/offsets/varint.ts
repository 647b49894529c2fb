/** Writes whole numbers of up to 53 bits, seven bits a byte, lowest first. */
export class VarintWriter {
  readonly #bytes: number[] = [];

  write(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes.push((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes.push(rest);
  }

  toBuffer(): Buffer {
    return Buffer.from(this.#bytes);
  }
}

/** Reads what {@link VarintWriter} wrote. */
export class VarintReader {
  #at = 0;

  constructor(readonly bytes: Buffer) {}

  get done(): boolean {
    return this.#at >= this.bytes.length;
  }

  /** What has not been read. */
  rest(): Buffer {
    return this.bytes.subarray(this.#at);
  }

  /** @returns undefined where the bytes end early or the number is over 53 bits. */
  read(): number | undefined {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.bytes[this.#at++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * scale;
      if (!Number.isSafeInteger(value)) return undefined;
      if (byte < 0x80) return value;
    }
  }
}
