/** A time in which nobody else can have had what is held: from a join that came of nothing, or a loss, to the next. */
export class Term {
  private finish!: () => void;
  /** Settles when it has ended. */
  readonly over = new Promise<void>((resolve) => (this.finish = resolve));

  end(): void {
    this.finish();
  }
}
