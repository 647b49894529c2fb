import { isDeepStrictEqual } from 'node:util';

/** What has been seen of a record that fails, and of those around it. */
export interface Outcome {
  /** Every end that it had, in order, under the first owner that kept it; empty: none. */
  readonly record: readonly string[];
  /** Copies of it in the dead-letter topic. */
  readonly deadLetters: number;
  /** The committed offset of its partition. */
  readonly offset: 'passes it' | 'stands at it';
  /** Records of its key that come after it. */
  readonly sameKey: 'go on' | 'wait';
  /** Records of other keys in its partition. */
  readonly otherKeys: 'go on' | 'wait';
  /** Whether the handler gets it after a restart. */
  readonly restart: 'comes again' | 'does not come';
}

const passed = { offset: 'passes it', sameKey: 'go on', otherKeys: 'go on', restart: 'does not come' } as const;
const stands = { offset: 'stands at it', sameKey: 'wait', otherKeys: 'go on', restart: 'comes again' } as const;
/** For the delay of `retryTopics`. */
const waits = 'frozen (key), for 10 s';
const unheard = { offset: 'stands at it', restart: 'comes again' } as const;

/** Every outcome there is, by the name that the table has for it. Written by hand: this is what ought to be. */
export const OUTCOMES = {
  done: { ...passed, record: ['done'], deadLetters: 0 },
  skipped: { ...passed, record: ['skipped'], deadLetters: 0 },
  'dead letter': { ...passed, record: ['dead-lettered'], deadLetters: 1 },
  'two dead letters': { ...passed, record: ['dead-lettered'], deadLetters: 2 },
  'later, dead letter': { ...passed, record: ['retried-later', 'dead-lettered'], deadLetters: 1 },
  'later twice, two dead letters': {
    ...passed,
    record: ['retried-later', 'dead-lettered', 'dead-lettered'],
    deadLetters: 2,
  },
  'later, then frozen': {
    ...passed,
    record: ['retried-later', 'frozen (partition)'],
    deadLetters: 0,
    restart: 'comes again',
  },
  'waits, dead letter': { ...passed, record: [waits, 'dead-lettered'], deadLetters: 1 },
  'waits twice, two dead letters': { ...passed, record: [waits, waits, 'dead-lettered'], deadLetters: 2 },
  'waits, then frozen': { ...stands, record: [waits, 'frozen (partition)'], deadLetters: 0, otherKeys: 'wait' },
  'waits, frozen for 30 s': { ...stands, record: [waits, 'frozen (key), for 30 s'], deadLetters: 0 },
  'partition frozen': { ...stands, record: ['frozen (partition)'], deadLetters: 0, otherKeys: 'wait' },
  'key frozen': { ...stands, record: ['frozen (key)'], deadLetters: 0 },
  'frozen alone': { ...stands, record: ['frozen (key)'], deadLetters: 0, sameKey: 'go on' },
  'frozen for 30 s': { ...stands, record: ['frozen (key), for 30 s'], deadLetters: 0 },
  'never ends': { ...stands, record: [], deadLetters: 0 },
  'done, not committed': { ...passed, ...unheard, record: ['done'], deadLetters: 0 },
  'skipped, not committed': { ...passed, ...unheard, record: ['skipped'], deadLetters: 0 },
  'dead letter, not committed': { ...passed, ...unheard, record: ['dead-lettered'], deadLetters: 1 },
  'later, dead letter, not committed': {
    ...passed,
    ...unheard,
    record: ['retried-later', 'dead-lettered'],
    deadLetters: 1,
  },
  'waits, dead letter, not committed': {
    ...passed,
    ...unheard,
    record: [waits, 'dead-lettered'],
    deadLetters: 1,
  },
  'no start': { ...stands, record: [], deadLetters: 0, otherKeys: 'wait' },
} as const satisfies Record<string, Outcome>;

export type OutcomeName = keyof typeof OUTCOMES;

export const OUTCOME_NAMES = Object.keys(OUTCOMES) as OutcomeName[];

/** The name of what was seen; undefined where nothing of that kind ought to be. */
export function nameOf(seen: Outcome): OutcomeName | undefined {
  return OUTCOME_NAMES.find((name) => isDeepStrictEqual({ ...OUTCOMES[name] }, seen));
}
