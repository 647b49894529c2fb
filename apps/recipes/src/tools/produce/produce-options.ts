import { brokerList, number, topicName, whole, type OptionSpec } from '../arguments.js';

/** What the producer is told. */
export interface ProduceOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly records: number;
  /** Records a second; undefined: as fast as they go. */
  readonly rate: number | undefined;
  /** Different keys; 0: no keys. */
  readonly keys: number;
  /** Zipf's exponent: 0 uses every key alike, 1 the hottest twice as often as the second. */
  readonly skew: number;
  /** Bytes of each value; undefined: what the payload takes. */
  readonly size: number | undefined;
  /** Undefined: number, key and time. */
  readonly payload: unknown;
  /** Partitions of the topic where it does not exist yet; undefined: it has to exist. */
  readonly create: number | undefined;
}

export const PRODUCE_SPECS: Readonly<Record<keyof ProduceOptions, OptionSpec>> = {
  brokers: { value: 'host:port', help: 'where the cluster is, several with commas', parse: brokerList, required: true },
  topic: { value: 'T', help: 'where the records go', parse: topicName, required: true },
  records: { value: 'N', help: 'how many (default 1000)', parse: whole(1) },
  rate: { value: 'R', help: 'records a second (default: as fast as they go)', parse: number(0.1, 1_000_000) },
  keys: { value: 'K', help: 'different keys, 0 for none (default 100)', parse: whole(0, 10_000_000) },
  skew: { value: 'S', help: "Zipf's exponent: 0 all keys alike, 1.1 a few hot ones (default 0)", parse: number(0, 5) },
  size: { value: 'BYTES', help: 'of each value: a field `pad` fills it up', parse: whole(1, 1_000_000) },
  payload: { value: 'JSON', help: `e.g. '{"a":1}' (default: number, key and time)`, parse: json },
  create: { value: 'PARTITIONS', help: 'creates the topic where it does not exist', parse: whole(1, 10_000) },
};

/** Fills in the defaults. `values` is what `parseArguments` gave for the specs. */
export function produceOptions(values: Readonly<Record<string, unknown>>): ProduceOptions {
  const given = values as Partial<ProduceOptions> & Pick<ProduceOptions, 'brokers' | 'topic'>;
  return {
    rate: undefined,
    size: undefined,
    payload: undefined,
    create: undefined,
    records: 1000,
    keys: 100,
    skew: 0,
    ...given,
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`JSON is needed (${(error as Error).message})`);
  }
}
