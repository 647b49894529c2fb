import {
  type CommittedOffset,
  type DriverAdmin,
  type DriverProducer,
  type GroupDescription,
  KafkaWorkerError,
  type LogRange,
  type OutgoingRecord,
  type RecordMetadata,
  type StartPosition,
  type TopicSpec,
} from '@kafka-worker/engine';
import { open, type RemoteDriverOptions } from './connect.js';
import type { Methods, Peer } from './peer.js';
import type { AdminServerCalls, ProducerServerCalls, Role } from './protocol.js';
import { withOffset } from './with-offset.js';

/** What producers and admins share: a connection that is opened by `connect` and closed by `close`. */
abstract class RemoteClient<Calls extends Methods<Calls>> {
  #peer: Promise<Peer<Calls>> | undefined;
  #closed = false;

  constructor(
    private readonly remote: RemoteDriverOptions,
    private readonly role: Role,
  ) {}

  protected open(): Promise<Peer<Calls>> {
    this.#peer ??= open<Calls>(this.remote, this.role, () => (this.#peer = undefined));
    return this.#peer;
  }

  protected peer(): Promise<Peer<Calls>> {
    if (this.#closed) return Promise.reject(new KafkaWorkerError('NOT_RUNNING', `the ${this.role} is closed`));
    return this.#peer ?? Promise.reject(new KafkaWorkerError('CONNECTION', `the ${this.role} is not connected`));
  }

  protected async shut(last: (peer: Peer<Calls>) => Promise<unknown>): Promise<void> {
    this.#closed = true;
    try {
      const peer = await this.#peer;
      this.#peer = undefined;
      if (peer) await last(peer).finally(() => peer.end());
    } catch {
      // The connection is gone: closed is closed.
    }
  }
}

/** A producer of a served cluster. */
export class RemoteProducer extends RemoteClient<ProducerServerCalls> implements DriverProducer {
  constructor(remote: RemoteDriverOptions) {
    super(remote, 'producer');
  }

  async connect(): Promise<void> {
    await (await this.open()).call('connect');
  }

  async send(records: readonly OutgoingRecord[]): Promise<RecordMetadata[]> {
    try {
      return await (await this.peer()).call('send', records);
    } catch (error) {
      if (KafkaWorkerError.is(error) && (error.code === 'SEND_FAILED' || error.code === 'NOT_RUNNING')) throw error;
      throw new KafkaWorkerError('SEND_FAILED', 'the send was not answered', { cause: error, canRetry: true });
    }
  }

  close(): Promise<void> {
    return this.shut((peer) => peer.call('close'));
  }
}

/** Questions to a served cluster. */
export class RemoteAdmin extends RemoteClient<AdminServerCalls> implements DriverAdmin {
  constructor(remote: RemoteDriverOptions) {
    super(remote, 'admin');
  }

  async connect(): Promise<void> {
    await (await this.open()).call('connect');
  }

  async listTopics(): Promise<string[]> {
    return (await this.peer()).call('listTopics');
  }

  async partitions(topics: readonly string[]): Promise<Map<string, number>> {
    return (await this.peer()).call('partitions', topics);
  }

  async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    return (await this.peer()).call('createTopics', topics);
  }

  async logRanges(topic: string): Promise<LogRange[]> {
    return (await this.peer()).call('logRanges', topic);
  }

  async offsetsAt(topic: string, timestamp: number): Promise<StartPosition[]> {
    return (await this.peer()).call('offsetsAt', topic, timestamp);
  }

  async committed(groupId: string, topics: readonly string[]): Promise<CommittedOffset[]> {
    return (await (await this.peer()).call('committed', groupId, topics)).map(withOffset);
  }

  async listGroups(): Promise<string[]> {
    return (await this.peer()).call('listGroups');
  }

  async describeGroup(groupId: string): Promise<GroupDescription> {
    return (await this.peer()).call('describeGroup', groupId);
  }

  close(): Promise<void> {
    return this.shut((peer) => peer.call('close'));
  }
}
