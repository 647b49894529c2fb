import type { Ledger } from '../../ledger/ledger.js';
import type { DrainNote } from '../../member/protocol.js';
import type { MemberSetup } from '../../shop/common/member-setup.js';
import type { DemoOptions } from '../../args/options.js';
import type { DemoCluster } from '../cluster/demo-cluster.js';
import { ForkedMember } from './forked-member.js';
import { LocalMember } from './local-member.js';
import { Member } from './member.js';

const DEFAULT_PORT = 3000;

/** All members of the group: one in this process, or several in processes of their own. */
export class Crew {
  readonly members: readonly Member[];
  /** Resolves when the last one is gone. */
  readonly over: Promise<void>;

  constructor(
    private readonly options: DemoOptions,
    private readonly cluster: DemoCluster,
    ledger: Ledger,
  ) {
    this.members = Array.from({ length: options.members }, (_, index) => new Member(index + 1, ledger));
    this.over = Promise.all(this.members.map((member) => member.over)).then(() => undefined);
  }

  get killed(): readonly number[] {
    return this.members.filter(({ end }) => end !== undefined && end.code !== 0).map(({ number }) => number);
  }

  get drains(): readonly DrainNote[] {
    return this.members.flatMap(({ drain }) => drain ?? []);
  }

  /** Resolves when every member serves HTTP and is on its way into the group. @throws what keeps one from it. */
  async start(): Promise<void> {
    const alone = this.members.length === 1;
    for (const member of this.members) {
      const setup = this.#setup(member.number);
      member.process = alone ? new LocalMember(setup, member) : new ForkedMember(setup, member);
    }
    await Promise.all(this.members.map((member) => member.ready));
  }

  /** Lets every member drain. Resolves when all are gone. */
  async stop(): Promise<void> {
    for (const member of this.members) {
      if (member.process === undefined) member.ended({ code: 0, signal: null });
      else member.process.send({ type: 'stop' });
    }
    await this.over;
  }

  kill(): void {
    for (const member of this.members) if (member.alive) member.process?.kill();
  }

  #setup(number: number): MemberSetup {
    const { seed, port } = this.options;
    const { groupId, connection } = this.cluster;
    const first = port ?? DEFAULT_PORT;
    return { number, groupId, seed, connection, port: { wanted: first + number - 1, asked: port !== undefined } };
  }
}
