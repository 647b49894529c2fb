import type { Subject } from './subject.js';

/** Each in a module that is loaded only where it runs: Nest is no part of a raw client's start. */
const SUBJECTS = {
  'raw-batch': async () => (await import('./raw-batch.js')).rawBatch,
  'raw-message': async () => (await import('./raw-message.js')).rawMessage,
  'nest-kafka': async () => (await import('./nest-kafka.js')).nestKafka,
  engine: async () => (await import('./engine.js')).engine,
  worker: async () => (await import('./worker.js')).worker,
  'watched-worker': async () => (await import('./watched-worker.js')).watchedWorker,
} satisfies Record<string, () => Promise<Subject>>;

export type SubjectKind = keyof typeof SUBJECTS;

export function loadSubject(kind: SubjectKind): Promise<Subject> {
  return SUBJECTS[kind]();
}
