import { kafkajsDriver } from '@kafka-worker/kafkajs';
import type { Terminal } from '../../cli/terminal.js';
import { parseArguments, usage } from '../arguments.js';
import { connectAdmin } from '../connect.js';
import { untilInterrupted } from '../interrupt.js';
import { PRODUCE_SPECS, produceOptions, type ProduceOptions } from './produce-options.js';
import { sendAll, type Sent } from './send-all.js';

/** Lines about what has been sent come at least this far apart. Milliseconds. */
const TELL_MS = 1000;

/** Produces to a topic of any cluster. Resolves with the exit code. */
export async function produceTool(args: readonly string[], terminal: Terminal): Promise<number> {
  const parsed = parseArguments(args, PRODUCE_SPECS);
  if (parsed.kind === 'help') {
    terminal.out('npm run recipe produce -- --brokers host:port --topic T [options]');
    for (const line of usage(PRODUCE_SPECS)) terminal.out(line);
    return 0;
  }
  if (parsed.kind === 'wrong') {
    for (const mistake of parsed.mistakes) terminal.err(mistake);
    return 2;
  }
  const options = produceOptions(parsed.values);
  const clientId = 'recipe-produce';
  const admin = connectAdmin(clientId, options.brokers);
  const producer = kafkajsDriver({ client: { clientId, brokers: [...options.brokers] } }).createProducer();
  try {
    const { topic, create } = options;
    if (create !== undefined) await admin.createTopics([{ topic, partitions: create }]);
    const partitions = (await admin.partitions([topic])).get(topic);
    if (partitions === undefined) {
      terminal.err(`there is no topic ${topic}; --create PARTITIONS makes it`);
      return 1;
    }
    terminal.out(`${topic}: ${partitions} partitions`);
    await producer.connect();
    const sent = await untilInterrupted((signal) => sendAll(producer, options, teller(terminal), signal));
    for (const line of summary(options, sent)) terminal.out(line);
    return 0;
  } catch (error) {
    terminal.err((error as Error).message);
    return 1;
  } finally {
    await Promise.all([producer.close(), admin.close()]);
  }
}

function teller({ out }: Terminal): (sent: Sent) => void {
  let toldAt = 0;
  return (sent) => {
    if (sent.ms - toldAt < TELL_MS) return;
    toldAt = sent.ms;
    out(`${sent.records} sent, ${perSecond(sent)} a second`);
  };
}

function summary({ records, keys }: ProduceOptions, sent: Sent): string[] {
  const { hottest } = sent;
  const share = hottest ? Math.round((100 * hottest.records) / sent.records) : 0;
  return [
    `${sent.records} of ${records} records acknowledged, ${sent.bytes} bytes, ${sent.ms} ms, ${perSecond(sent)} a second`,
    ...(hottest ? [`${keys} keys, the hottest: ${hottest.key} with ${hottest.records} records (${share} %)`] : []),
  ];
}

function perSecond({ records, ms }: Sent): number {
  return Math.round((1000 * records) / Math.max(ms, 1));
}
