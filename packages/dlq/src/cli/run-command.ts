import { ConfigurationError, ensureError, KafkaWorkerError } from '@kafka-worker/engine';
import { parseCommand, type Command } from './command.js';
import { EXIT_CODES, UsageError, type ExitCode } from './exit-codes.js';
import { HELP } from './help.js';
import { list } from './list.js';
import { replay } from './replay.js';
import type { World } from './world.js';

/** Runs a command line, without the two words in front. Never rejects. */
export async function runCommand(args: readonly string[], world: World): Promise<ExitCode> {
  try {
    return await run(parseCommand(args), world);
  } catch (thrown) {
    const error = ensureError(thrown);
    if (error instanceof UsageError || error instanceof ConfigurationError) {
      world.err(error.message);
      world.err('kafka-worker-dlq --help says what is possible');
      return EXIT_CODES.usage;
    }
    world.err(`failed: ${KafkaWorkerError.is(error) ? `${error.code} ` : ''}${error.message}`);
    return EXIT_CODES.failed;
  }
}

async function run(command: Command, world: World): Promise<ExitCode> {
  switch (command.name) {
    case 'list':
      return list(command, world);
    case 'replay':
      return replay(command, world);
    case 'help':
      await world.out(HELP);
      return EXIT_CODES.ok;
  }
}
