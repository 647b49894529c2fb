import { deferred } from '@kafka-worker/testing';
import type { CrashScene } from './crash-scene.js';

/** What a crash costs is asked of each of these. */
export const GUARANTEES = ['atLeastOnce', 'atMostOnce', 'exactlyOnce', 'transactional', 'idempotency'] as const;
export type Guarantee = (typeof GUARANTEES)[number];

/** As they stand at the head of the table. */
export const GUARANTEE_HEADS: Readonly<Record<Guarantee, string>> = {
  atLeastOnce: "`'at-least-once'`",
  atMostOnce: "`'at-most-once'`",
  exactlyOnce: '`exactlyOnce(store)`',
  transactional: '`transactional()`',
  idempotency: '`idempotency`',
};

/** How often the effect of a record counts in the end. */
export type Cost = 'once' | 'lost' | 'twice';

/** A row of the table: a moment in the life of a record, and what comes of it that the process ends just then. */
export interface Phase {
  /** As it stands in the table. */
  readonly name: string;
  /** Written by hand. */
  readonly expected: Readonly<Record<Guarantee, Cost>>;
  /** Brings the record to this moment; the process is killed when it resolves. */
  readonly play: (scene: CrashScene) => Promise<void>;
  /** Nobody is killed: the process goes on. */
  readonly survives?: boolean;
}

const once: Phase['expected'] = {
  atLeastOnce: 'once',
  atMostOnce: 'once',
  exactlyOnce: 'once',
  transactional: 'once',
  idempotency: 'once',
};

/** Every moment, in the order of the table. */
export const PHASES: readonly Phase[] = [
  {
    name: 'taken from the log, its handler has not started',
    expected: once,
    play: async (scene) => {
      scene.onRecord = () => new Promise(() => undefined);
      await scene.write('before', 'it');
    },
  },
  {
    name: 'its handler runs, before the effect',
    expected: { ...once, atMostOnce: 'lost' },
    play: async (scene) => {
      scene.onRecord = () => new Promise(() => undefined);
      await scene.write('it');
    },
  },
  {
    name: 'its handler runs, after the effect',
    expected: { ...once, atLeastOnce: 'twice', idempotency: 'twice' },
    play: async (scene) => {
      scene.onRecord = (effect) => {
        effect();
        return new Promise(() => undefined);
      };
      await scene.write('it');
    },
  },
  {
    name: 'its handler has settled, its offset is not committed',
    expected: { ...once, atLeastOnce: 'twice' },
    play: async (scene) => scene.write('it'),
  },
  {
    name: 'the commit that counts is stored, its answer is on the way',
    expected: { ...once, atMostOnce: 'lost' },
    play: async (scene) => {
      scene.loseAnswer();
      await scene.write('it');
      await scene.stage.clock.advance(scene.commitsAfterMs);
    },
  },
  {
    name: 'the commit that counts is sent and does not arrive',
    expected: { ...once, atLeastOnce: 'twice' },
    play: async (scene) => {
      scene.loseCommit();
      await scene.write('it');
      await scene.stage.clock.advance(scene.commitsAfterMs);
    },
  },
  {
    name: 'its offset is committed',
    expected: once,
    play: async (scene) => {
      await scene.write('it');
      await scene.stage.clock.advance(5_000);
    },
  },
  {
    name: 'no crash: the attempt fails after the effect and is tried again',
    expected: { ...once, atLeastOnce: 'twice', idempotency: 'twice' },
    survives: true,
    play: async (scene) => {
      let calls = 0;
      scene.onRecord = (effect) => {
        effect();
        if (++calls === 1) throw new Error('no');
      };
      await scene.write('it');
    },
  },
  {
    name: 'no crash: its partition is lost after the effect, and its handler goes on',
    expected: { ...once, atLeastOnce: 'twice' },
    survives: true,
    play: async (scene) => {
      const end = deferred<void>();
      let calls = 0;
      scene.onRecord = (effect) => {
        effect();
        return ++calls === 1 ? end.promise : undefined;
      };
      await scene.write('it');
      scene.stage.expireSession();
      await scene.stage.clock.advance(100);
      end.resolve();
    },
  },
];
