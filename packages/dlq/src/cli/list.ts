import { readDeadLetters } from '../read-dead-letters.js';
import { given, type ListCommand } from './command.js';
import { connect } from './connection.js';
import { EXIT_CODES, type ExitCode } from './exit-codes.js';
import { jsonLine, letterJson, lettersText, letterText } from './text.js';
import type { World } from './world.js';

/** Runs `list`. @throws UsageError, and what `readDeadLetters` throws */
export async function list(command: ListCommand, world: World): Promise<ExitCode> {
  const { topic, filter, limit, values, sessionTimeoutMs, silenceMs } = command;
  const driver = await connect(command, world);
  const { clock, signal } = world;
  let count = 0;
  const options = { driver, topic, filter, values, clock, signal, ...given({ limit, sessionTimeoutMs, silenceMs }) };
  for await (const letter of readDeadLetters(options)) {
    count++;
    await world.out(command.json ? jsonLine(letterJson(letter)) : letterText(letter));
  }
  world.err(`${lettersText(count)} of ${topic}${signal.aborted ? ', stopped' : ''}`);
  return signal.aborted ? EXIT_CODES.stopped : EXIT_CODES.ok;
}
