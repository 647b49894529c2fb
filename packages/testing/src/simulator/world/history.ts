/** What happened, in order; written out only when somebody wants to read it. */
export class History {
  readonly #lines: (readonly [at: number, who: string, what: () => string])[] = [];

  constructor(readonly now: () => number) {}

  /** @param what is called later, or never. */
  note(who: string, what: () => string): void {
    this.#lines.push([this.now(), who, what]);
  }

  /** The last `limit` lines, each with its time in milliseconds since the start. */
  print(limit = Infinity): string {
    const start = this.#lines[0]?.[0] ?? 0;
    return this.#lines
      .slice(-Math.min(limit, this.#lines.length))
      .map(([at, who, what]) => `${String(at - start).padStart(8)}  ${who.padEnd(4)} ${what()}`)
      .join('\n');
  }
}
