/** A time that ends once, and that can be waited for: that of a membership, or from one join to the next. */
export class Term {
  private finish!: () => void;
  /** Settles when it has ended. */
  readonly over = new Promise<void>((resolve) => (this.finish = resolve));

  end(): void {
    this.finish();
  }
}
