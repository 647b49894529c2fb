import type {
  DriverAdmin,
  DriverConsumer,
  DriverConsumerListener,
  DriverProducer,
  DriverTransactionalProducer,
  KafkaDriver,
  TopicPartition,
} from '@kafka-worker/engine';

/**
 * A driver whose topics, groups and transactional ids have a prefix on the brokers, while the app knows nothing of it:
 * two runs of a recipe on one cluster do not meet.
 */
export function namespaced(driver: KafkaDriver, prefix: string): KafkaDriver {
  const names = new Names(prefix);
  const { createTransactionalProducer } = driver;
  return {
    name: driver.name,
    capabilities: driver.capabilities,
    createConsumer: (options) =>
      consumer(
        driver.createConsumer({
          ...options,
          groupId: names.add(options.groupId),
          topics: options.topics.map(names.add),
        }),
        names,
      ),
    createProducer: () => producer(driver.createProducer(), names),
    ...(createTransactionalProducer && {
      createTransactionalProducer: (id: string) =>
        transactions(createTransactionalProducer.call(driver, names.add(id)), names),
    }),
    createAdmin: () => admin(driver.createAdmin(), names),
  };
}

class Names {
  constructor(private readonly prefix: string) {}

  readonly add = (name: string): string => this.prefix + name;

  readonly remove = (name: string): string => (this.has(name) ? name.slice(this.prefix.length) : name);

  readonly has = (name: string): boolean => name.startsWith(this.prefix);

  /** Things of a topic, as the brokers know it. */
  readonly there = <T extends { readonly topic: string }>(things: readonly T[]): T[] =>
    things.map((thing) => ({ ...thing, topic: this.add(thing.topic) }));

  /** Things of a topic, as the app knows it. */
  readonly here = <T extends { readonly topic: string }>(things: readonly T[]): T[] =>
    things.map((thing) => ({ ...thing, topic: this.remove(thing.topic) }));
}

function consumer(inner: DriverConsumer, names: Names): DriverConsumer {
  const { there, here } = names;
  return {
    start: (listener) => inner.start(translated(listener, names)),
    pause: (partitions) => inner.pause(there(partitions)),
    resume: (partitions) => inner.resume(there(partitions)),
    seek: (position) => inner.seek({ ...position, topic: names.add(position.topic) }),
    commit: (offsets) => inner.commit(there(offsets)),
    committed: async (partitions) => here(await inner.committed(there(partitions))),
    logRanges: async (partitions) => here(await inner.logRanges(there(partitions))),
    stopping: () => inner.stopping(),
    stop: () => inner.stop(),
  };
}

function translated(listener: DriverConsumerListener, names: Names): DriverConsumerListener {
  const here = (partitions: readonly TopicPartition[]): TopicPartition[] => names.here(partitions);
  return {
    assigned: async (assignment) =>
      names.there(await listener.assigned({ ...assignment, partitions: here(assignment.partitions) })),
    revoking: (partitions, deadlineMs) => listener.revoking(here(partitions), deadlineMs),
    lost: (partitions, cause) => listener.lost(here(partitions), cause),
    records: (batch) =>
      listener.records({ ...batch, topic: names.remove(batch.topic), records: names.here(batch.records) }),
    stateChanged: (state, cause) => (cause ? listener.stateChanged(state, cause) : listener.stateChanged(state)),
  };
}

function producer(inner: DriverProducer, names: Names): DriverProducer {
  return {
    connect: () => inner.connect(),
    send: async (records) => names.here(await inner.send(names.there(records))),
    close: () => inner.close(),
  };
}

function transactions(inner: DriverTransactionalProducer, names: Names): DriverTransactionalProducer {
  return {
    open: () => inner.open(),
    transact: ({ records, groupId, offsets }) =>
      inner.transact({ records: names.there(records), groupId: names.add(groupId), offsets: names.there(offsets) }),
    close: () => inner.close(),
  };
}

function admin(inner: DriverAdmin, names: Names): DriverAdmin {
  const { add, remove, has, there, here } = names;
  return {
    connect: () => inner.connect(),
    listTopics: async () => (await inner.listTopics()).filter(has).map(remove),
    partitions: async (topics) => {
      const counts = await inner.partitions(topics.map(add));
      return new Map([...counts].map(([topic, count]) => [remove(topic), count]));
    },
    createTopics: (topics) => inner.createTopics(there(topics)),
    logRanges: async (topic) => here(await inner.logRanges(add(topic))),
    offsetsAt: async (topic, timestamp) => here(await inner.offsetsAt(add(topic), timestamp)),
    committed: async (groupId, topics) => here(await inner.committed(add(groupId), topics.map(add))),
    listGroups: async () => (await inner.listGroups()).filter(has).map(remove),
    describeGroup: async (groupId) => {
      const group = await inner.describeGroup(add(groupId));
      const members = group.members.map((member) => ({ ...member, partitions: here(member.partitions) }));
      return { ...group, groupId, members };
    },
    close: () => inner.close(),
  };
}
