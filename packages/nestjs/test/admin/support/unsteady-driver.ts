import { KafkaWorkerError, type DriverAdmin, type KafkaDriver } from '@kafka-worker/engine';

/** How a cluster behaves towards admin clients. */
export type Mood = 'well' | 'refuses' | 'silent' | 'unreachable';

/** A driver whose cluster may go away for admin clients; members stay what they are. */
export class UnsteadyDriver {
  mood: Mood = 'well';
  opened = 0;
  closed = 0;
  /** What happens in the cluster before an answer of its has been looked at. */
  meanwhile: () => void = () => {};
  readonly driver: KafkaDriver;

  constructor(driver: KafkaDriver) {
    this.driver = { ...driver, createAdmin: () => this.#admin(driver.createAdmin()) };
  }

  #admin(admin: DriverAdmin): DriverAdmin {
    this.opened++;
    const through = <A extends unknown[], T>(question: (...given: A) => Promise<T>) => {
      return (...given: A): Promise<T> => {
        if (this.mood === 'silent') return new Promise(() => {});
        if (this.mood === 'well') return question.apply(admin, given).finally(() => this.meanwhile());
        return Promise.reject(new KafkaWorkerError('CONNECTION', 'no broker could be reached'));
      };
    };
    return {
      connect: () => (this.mood === 'unreachable' ? through(admin.connect)() : admin.connect()),
      listTopics: through(admin.listTopics),
      partitions: through(admin.partitions),
      createTopics: through(admin.createTopics),
      logRanges: through(admin.logRanges),
      offsetsAt: through(admin.offsetsAt),
      committed: through(admin.committed),
      listGroups: through(admin.listGroups),
      describeGroup: through(admin.describeGroup),
      close: () => {
        this.closed++;
        return admin.close();
      },
    };
  }
}
