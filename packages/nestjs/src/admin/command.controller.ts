import { HttpCode, Injectable, Post, Req } from '@nestjs/common';
import type { DrainAnswer, LimitAnswer, SeekAnswer, StandingsAnswer } from './answers.js';
import { KafkaWorkerAudit } from './audit.js';
import { describeCommand } from './command.filter.js';
import { Commands, type StandingCommand } from './commands.js';
import { ANSWERS, Describe, type RouteDescription } from './openapi.js';
import type { ProblemKind } from './problem.js';
import { readCommand } from './read-request.js';
import { BODIES, QUERIES, type AdminRequest, type KafkaWorkerCommand } from './requests.js';

const QUERY = QUERIES.target;
const WORKER = { worker: '`Class#method`, with the `#` as `%23`, or `Class.method`' };
const USUAL: readonly ProblemKind[] = ['validation', 'unknown-target', 'not-running'];

function standing(command: StandingCommand, summary: string, description?: string): MethodDecorator {
  const route: RouteDescription = {
    summary,
    ...(description !== undefined && { description }),
    path: WORKER,
    query: QUERY,
    body: BODIES[command],
    answer: [200, 'Done: the partitions as they stand now', ANSWERS.standings],
    problems: USUAL,
    guarded: true,
  };
  return Describe(route);
}

/** What may be done. Its path and guards are the module's to say; without them it is not there. @internal */
@Injectable()
export class CommandController {
  constructor(
    private readonly commands: Commands,
    private readonly audit: KafkaWorkerAudit,
  ) {}

  @Post('workers/:worker/pause')
  @HttpCode(200)
  @standing(
    'pause',
    'Starts nothing new',
    'What runs finishes. Without `topic` also for partitions that this process gets later.',
  )
  pause(@Req() request: AdminRequest): StandingsAnswer {
    return this.#stand('pause', request);
  }

  @Post('workers/:worker/resume')
  @HttpCode(200)
  @standing(
    'resume',
    'Ends a pause',
    'Without `topic` every pause of the worker ends; a pause of the whole worker ends only so.',
  )
  resume(@Req() request: AdminRequest): StandingsAnswer {
    return this.#stand('resume', request);
  }

  @Post('workers/:worker/freeze')
  @HttpCode(200)
  @standing('freeze', 'Freezes partitions', 'Those this process holds now, until they are handed over.')
  freeze(@Req() request: AdminRequest): StandingsAnswer {
    return this.#stand('freeze', request);
  }

  @Post('workers/:worker/unfreeze')
  @HttpCode(200)
  @standing('unfreeze', 'Ends freezes', 'Frozen records are tried again or, with `skip`, passed.')
  unfreeze(@Req() request: AdminRequest): StandingsAnswer {
    return this.#stand('unfreeze', request);
  }

  @Post('workers/:worker/seek')
  @HttpCode(200)
  @Describe({
    summary: 'Goes on at another offset',
    description: 'For every partition of the target that this process holds; commits where they are then.',
    path: WORKER,
    query: QUERY,
    body: BODIES.seek,
    answer: [200, 'Done: where the partitions stood and stand', ANSWERS.seek],
    problems: [...USUAL, 'conflict', 'broker-away'],
    guarded: true,
  })
  async seek(@Req() request: AdminRequest): Promise<SeekAnswer> {
    const { query, body } = readCommand('seek', QUERY, request);
    return this.#done('seek', request, await this.commands.seek(idOf(request), query.connection, body));
  }

  @Post('workers/:worker/limit')
  @HttpCode(200)
  @Describe({
    summary: 'Changes how many handlers run at once in this process',
    path: WORKER,
    query: QUERY,
    body: BODIES.limit,
    answer: [200, 'Done', ANSWERS.limit],
    problems: [...USUAL, 'conflict'],
    guarded: true,
  })
  limit(@Req() request: AdminRequest): LimitAnswer {
    const { query, body } = readCommand('limit', QUERY, request);
    return this.#done('limit', request, this.commands.limit(idOf(request), query.connection, body));
  }

  @Post('drain')
  @HttpCode(202)
  @Describe({
    summary: 'Ends the work of this process',
    description:
      'Answers when it has begun: what runs finishes, is committed, and the groups are left. It cannot be undone.',
    query: QUERY,
    body: BODIES.drain,
    answer: [202, 'It has begun', ANSWERS.drain],
    problems: ['validation', 'unknown-target'],
    guarded: true,
  })
  drain(@Req() request: AdminRequest): DrainAnswer {
    const { query } = readCommand('drain', QUERY, request);
    return this.#done('drain', request, this.commands.drain(query.connection));
  }

  #stand(command: StandingCommand, request: AdminRequest): StandingsAnswer {
    const { query, body } = readCommand(command, QUERY, request);
    return this.#done(command, request, this.commands.stand(command, idOf(request), query.connection, body));
  }

  /** Errors are the filter's to tell. */
  #done<T extends object>(command: KafkaWorkerCommand, request: AdminRequest, result: T): T {
    const accepted = command === 'drain';
    const end = { outcome: accepted ? 'accepted' : 'done', status: accepted ? 202 : 200, result } as const;
    this.audit.tell(request, describeCommand(command, request), end);
    return result;
  }
}

function idOf({ params }: AdminRequest): string {
  return params?.['worker'] ?? '';
}
