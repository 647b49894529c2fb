import type { EngineSnapshot } from '@kafka-worker/nestjs';
import type { Ledger } from '../../ledger/ledger.js';
import type { DrainNote, FromMember, RebalanceNote } from '../../member/protocol.js';
import type { MemberEnd, MemberListener, MemberProcess } from './member-process.js';

/** A member as the supervisor knows it: what it said last, and whether it still lives. */
export class Member implements MemberListener {
  process: MemberProcess | undefined;
  snapshot: EngineSnapshot | undefined;
  rebalance: RebalanceNote | undefined;
  drain: DrainNote | undefined;
  http: string | undefined;
  log: string | undefined;
  failure: string | undefined;
  end: MemberEnd | undefined;
  endedAt: number | undefined;
  readonly ready: Promise<void>;
  readonly over: Promise<void>;
  #ready!: () => void;
  #failed!: (error: Error) => void;
  #over!: () => void;

  constructor(
    readonly number: number,
    private readonly ledger: Ledger,
  ) {
    this.ready = new Promise((resolve, reject) => {
      this.#ready = resolve;
      this.#failed = reject;
    });
    this.ready.catch(() => undefined); // whoever waits hears of it; nobody has to
    this.over = new Promise((resolve) => (this.#over = resolve));
  }

  get alive(): boolean {
    return this.end === undefined;
  }

  message(message: FromMember): void {
    switch (message.type) {
      case 'ready':
        this.http = message.http;
        this.log = message.log;
        return this.#ready();
      case 'work':
        for (const entry of message.entries) this.ledger.enter(this.number, entry);
        return this.process?.send({ type: 'read', batch: message.batch });
      case 'state':
        this.snapshot = message.snapshot;
        return;
      case 'rebalanced':
        this.rebalance = message.note;
        return;
      case 'lost':
        return this.ledger.partitionsLost();
      case 'drained':
        this.drain = message.note;
        return;
      case 'failed':
        this.failure ??= message.message;
        return;
    }
  }

  ended(end: MemberEnd): void {
    this.end = end;
    this.endedAt = Date.now();
    // One that left in good order has committed what it finished; only death excuses what comes again.
    if (end.code !== 0) this.ledger.memberGone(this.number);
    this.#failed(new Error(this.failure ?? `member ${this.number} ended before it was ready`));
    this.#over();
  }
}
