/** Runs calls one after the other, in the order in which they were made; one that fails does not stop the next. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  take<T>(call: () => Promise<T>): Promise<T> {
    const turn = this.last.then(call);
    this.last = turn.catch(() => undefined);
    return turn;
  }

  /** Settles when every call made so far has ended. Never rejects. */
  async over(): Promise<void> {
    await this.last;
  }
}
