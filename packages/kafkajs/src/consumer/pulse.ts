/** Who is told. */
export interface PulseListener {
  /** The group's coordinator has not answered for so long. Told again and again. */
  silent(ms: number): void;
  /** It has answered. */
  heard(): void;
}

/**
 * Notices that the brokers have gone quiet. kafkajs looks for them for half a minute before it gives up and says
 * nothing meanwhile, so that a member would call itself joined long after its session has ended.
 */
export class Pulse {
  private timer: NodeJS.Timeout | undefined;
  private heardAt = Date.now();
  private lookedAt = Date.now();

  constructor(
    private readonly listener: PulseListener,
    /** How long without an answer is silence. Milliseconds. */
    private readonly silenceMs: number,
  ) {}

  start(): void {
    this.heardAt = this.lookedAt = Date.now();
    this.timer = setInterval(() => this.look(), this.silenceMs / 4).unref();
  }

  /** The coordinator has acknowledged something. */
  beat(): void {
    this.heardAt = Date.now();
    this.listener.heard();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const now = Date.now();
    // Late itself: this process stood still, and answers may be waiting to be read.
    const late = now - this.lookedAt > this.silenceMs / 2;
    this.lookedAt = now;
    const ms = now - this.heardAt;
    if (!late && ms >= this.silenceMs) this.listener.silent(ms);
  }
}
