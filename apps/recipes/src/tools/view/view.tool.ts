import { setTimeout } from 'node:timers/promises';
import type { Terminal } from '../../cli/terminal.js';
import { brokerList, parseArguments, topicName, usage, type OptionSpec } from '../arguments.js';
import { connectAdmin } from '../connect.js';
import { untilInterrupted } from '../interrupt.js';
import { lookAt, type ViewFilter } from './cluster-view.js';
import { render } from './render.js';

/** Between two looks. Milliseconds. */
const REFRESH_MS = 1000;
const HOME_AND_CLEAR = '\x1b[H\x1b[J';
const CLEAR_SCREEN = '\x1b[2J';

const SPECS: Readonly<Record<string, OptionSpec>> = {
  brokers: { value: 'host:port', help: 'where the cluster is, several with commas', parse: brokerList, required: true },
  topic: { value: 'T', help: 'only this topic (default: all)', parse: topicName },
  group: { value: 'G', help: 'only this group (default: all)' },
  once: { help: 'print one table and end (default: live, where the output is a terminal)' },
};

interface ViewOptions extends ViewFilter {
  readonly brokers: string[];
  readonly once?: boolean;
}

/** Shows topics, groups and lag of any cluster, once or live. Resolves with the exit code. */
export async function viewTool(args: readonly string[], terminal: Terminal): Promise<number> {
  const parsed = parseArguments(args, SPECS);
  if (parsed.kind === 'help') {
    terminal.out('npm run recipe view -- --brokers host:port [options]');
    for (const line of usage(SPECS)) terminal.out(line);
    return 0;
  }
  if (parsed.kind === 'wrong') {
    for (const mistake of parsed.mistakes) terminal.err(mistake);
    return 2;
  }
  const { brokers, once = false, ...filter } = parsed.values as unknown as ViewOptions;
  const admin = connectAdmin('recipe-view', brokers);
  try {
    const { topic } = filter;
    if (topic !== undefined && !(await admin.partitions([topic])).has(topic)) {
      terminal.err(`there is no topic ${topic}; there are ${(await admin.listTopics()).sort().join(', ') || 'none'}`);
      return 1;
    }
    const look = async (): Promise<string> => render(await lookAt(admin, filter)).join('\n');
    if (once) terminal.out(await look());
    else await untilInterrupted((signal) => live(look, terminal, signal));
    return 0;
  } catch (error) {
    terminal.err((error as Error).message);
    return 1;
  } finally {
    await admin.close();
  }
}

/** Looks every second; on a terminal each view takes the place of the one before. */
async function live(look: () => Promise<string>, { out }: Terminal, signal: AbortSignal): Promise<void> {
  const inPlace = process.stdout.isTTY;
  if (inPlace) out(CLEAR_SCREEN);
  while (!signal.aborted) {
    const view = await look();
    out(inPlace ? `${HOME_AND_CLEAR}${view}\n\nCtrl-C ends` : `${view}\n`);
    await setTimeout(REFRESH_MS, undefined, { signal }).catch(() => undefined);
  }
}
