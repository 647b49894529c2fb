import { describe, expect, it } from '@jest/globals';
import type { TopicPartition } from '@kafka-worker/engine';
import type { Consumer, TopicPartitionOffsetAndMetadata } from 'kafkajs';
import { Commits, type CommitGate, type CommitTicket } from '../src/consumer/commits.js';
import { HeldPartition } from '../src/consumer/held-partition.js';
import type { OffsetCommitRequest } from '../src/consumer/join-gate.js';
import { Term } from '../src/consumer/term.js';
import { Deferred } from './support/until.js';

/** A membership that holds one partition and is told when a join begins and ends. */
class Gate implements CommitGate {
  term = new Term();
  held = new HeldPartition('t', 0);
  mayCommit = true;
  #end = new Deferred();

  begin(): void {
    this.mayCommit = false;
    this.#end = new Deferred();
  }

  end(): void {
    this.mayCommit = true;
    this.#end.resolve();
  }

  calmed(): Promise<void> {
    return this.mayCommit ? Promise.resolve() : this.#end.promise;
  }

  ticket(partitions: readonly TopicPartition[]): CommitTicket {
    return { term: this.term, held: partitions.map((one) => ({ ...one, as: this.held })) };
  }

  refusal({ term, held }: CommitTicket): string | undefined {
    if (term !== this.term) return 'over';
    return held.every(({ as }) => as === this.held) ? undefined : 'not held';
  }

  fenced(): void {
    throw new Error('nobody is fenced here');
  }
}

/** kafkajs, as far as commits go: each request is looked at once more before it leaves. */
function world() {
  const gate = new Gate();
  const sent: string[] = [];
  let told = (): void => undefined;
  /** What the request waits for before it leaves, as for a connection. */
  let connected: Promise<void> = Promise.resolve();
  const consumer = {
    events: { COMMIT_OFFSETS: 'consumer.commit_offsets' },
    on: (_event: string, listener: () => void) => (told = listener),
    commitOffsets: async ([first]: TopicPartitionOffsetAndMetadata[]) => {
      await connected;
      commits.check({ topics: [{ partitions: [{ offset: first?.offset }] }] } as unknown as OffsetCommitRequest);
      sent.push(first?.metadata ?? '');
      told();
    },
  } as unknown as Consumer;
  const commits = new Commits(consumer, gate);
  const commit = (metadata: string): Promise<void> =>
    commits.commit([{ topic: 't', partition: 0, offset: 1, metadata }]);
  const hold = (): Deferred => {
    const gone = new Deferred();
    connected = gone.promise;
    return gone;
  };
  return { gate, sent, commits, commit, hold };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

describe('a commit in a join in which everything stays', () => {
  it('waits for its end, and is sent then', async () => {
    const { gate, sent, commit } = world();
    gate.begin();
    const asked = [commit('one'), commit('two')];
    await turns();
    expect(sent).toEqual([]);
    gate.end();
    await Promise.all(asked);
    expect(sent).toEqual(['one', 'two']);
  });

  it('waits for it too where it was on its way when the join began', async () => {
    const { gate, sent, commit, commits, hold } = world();
    const connection = hold();
    const asked = commit('one');
    await turns();
    gate.begin();
    connection.resolve();
    await commits.quiet();
    await turns();
    expect(sent).toEqual([]);
    gate.end();
    await asked;
    expect(sent).toEqual(['one']);
  });

  it('is not sent where the partition has gone, or come back as another, meanwhile', async () => {
    const { gate, sent, commit } = world();
    gate.begin();
    const asked = commit('one');
    gate.held = new HeldPartition('t', 0);
    gate.end();
    await expect(asked).rejects.toMatchObject({ code: 'COMMIT_STALE' });
    expect(sent).toEqual([]);
  });

  it('is not sent after a loss', async () => {
    const { gate, sent, commit } = world();
    gate.begin();
    const asked = commit('one');
    gate.term = new Term();
    gate.end();
    await expect(asked).rejects.toMatchObject({ code: 'COMMIT_STALE' });
    expect(sent).toEqual([]);
  });

  it('waits for one more join that begins right then', async () => {
    const { gate, sent, commit } = world();
    gate.begin();
    const asked = commit('one');
    await turns();
    gate.end();
    gate.begin();
    await turns();
    expect(sent).toEqual([]);
    gate.end();
    await asked;
    expect(sent).toEqual(['one']);
  });
});
