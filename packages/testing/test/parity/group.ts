import type { JoinOptions, Shares, Wire, World } from './world.js';

/** What became of a request: `ok`, or the broker's word for why not. */
export async function said(request: Promise<unknown>): Promise<string> {
  try {
    await request;
    return 'ok';
  } catch (error) {
    for (let link = error; link instanceof Error; link = link.cause) {
      if ('type' in link && typeof link.type === 'string') return link.type;
    }
    throw error;
  }
}

/** True once the promise has settled. */
export function watched(promise: Promise<unknown>): { readonly settled: boolean } {
  const state = { settled: false };
  const note = (): void => {
    state.settled = true;
  };
  promise.then(note, note);
  return state;
}

/** A member of a group, with a connection of its own. */
export class WireMember {
  id = '';
  generation = -1;
  leaderId = '';

  constructor(
    readonly world: World,
    readonly wire: Wire,
    readonly groupId: string,
    readonly topic: string,
    readonly options: Partial<JoinOptions>,
  ) {}

  async join(options: Partial<JoinOptions> = {}): Promise<void> {
    const { groupId, topic } = this;
    const timing = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, protocol: 'parity' };
    const request = { groupId, topic, ...timing, ...this.options, ...(this.id && { memberId: this.id }), ...options };
    const joined = await this.wire.join(request);
    this.id = joined.memberId;
    this.generation = joined.generation;
    this.leaderId = joined.leaderId;
  }

  get leads(): boolean {
    return this.id === this.leaderId;
  }

  sync(shares?: Shares): Promise<readonly number[]> {
    return this.wire.sync(this.groupId, this.id, this.generation, this.topic, shares);
  }

  heartbeat(generation = this.generation): Promise<string> {
    return said(this.wire.heartbeat(this.groupId, this.id, generation));
  }

  commit(offset: number, { partition = 0, metadata = '', generation = this.generation } = {}): Promise<string> {
    const { groupId, id, topic } = this;
    return said(this.wire.commit(groupId, id, generation, [{ topic, partition, offset, metadata }]));
  }
}

/** A group with a topic of its own, and members that are made as needed. */
export class WireGroup {
  private constructor(
    readonly world: World,
    readonly id: string,
    readonly topic: string,
  ) {}

  static async of(world: World, partitions = 2): Promise<WireGroup> {
    return new WireGroup(world, world.name('group'), await world.createTopic(partitions));
  }

  async member(options: Partial<JoinOptions> = {}): Promise<WireMember> {
    return new WireMember(this.world, await this.world.connect(), this.id, this.topic, options);
  }

  /** A member that is alone in a stable group, or `count` of them; the first leads. */
  async stable(count = 1, options: Partial<JoinOptions> = {}): Promise<WireMember[]> {
    const first = await this.member(options);
    await first.join();
    await first.sync({ [first.id]: [0] });
    const members = [first];
    while (members.length < count) await this.add(members, await this.member(options));
    return members;
  }

  /** Lets one more in. */
  async add(members: WireMember[], newcomer: WireMember): Promise<void> {
    const joined = newcomer.join();
    await this.until('PreparingRebalance');
    await Promise.all([joined, ...members.map((member) => member.join())]);
    members.push(newcomer);
    const shares = Object.fromEntries(members.map((member, i) => [member.id, [i]]));
    await Promise.all(members.map((member) => member.sync(member.leads ? shares : undefined)));
  }

  until(state: string): Promise<void> {
    return this.world.until(`group ${state}`, async () => (await this.world.state(this.id)) === state);
  }

  committed(partition = 0): Promise<{ offset: number; metadata: string } | undefined> {
    return this.world.committed(this.id, this.topic, partition);
  }
}
