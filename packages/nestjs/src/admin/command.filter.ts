import { Catch, type ArgumentsHost } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { KafkaWorkerAudit, type CommandStart, type CommandTarget } from './audit.js';
import type { Problem } from './problem.js';
import { ProblemFilter } from './problem.filter.js';
import { BODIES, type AdminRequest, type KafkaWorkerCommand } from './requests.js';
import { knownFields } from './shape.js';

/** As {@link ProblemFilter}, and tells the audit: of commands that guards refuse nobody else hears. @internal */
@Catch()
export class CommandFilter extends ProblemFilter {
  constructor(
    adapters: HttpAdapterHost,
    private readonly audit: KafkaWorkerAudit,
  ) {
    super(adapters);
  }

  override catch(thrown: unknown, host: ArgumentsHost): Problem {
    const problem = super.catch(thrown, host);
    const request = host.switchToHttp().getRequest<AdminRequest>();
    const url = this.adapters.httpAdapter.getRequestUrl(request) as string;
    const outcome = problem.status >= 500 ? 'failed' : 'refused';
    this.audit.tell(request, startOf(url, request), { outcome, status: problem.status, problem });
    return problem;
  }
}

/** What was asked for, read from the URL: where a guard has refused, no route handler has been called. */
function startOf(url: string, request: AdminRequest): CommandStart {
  const command = (new URL(url, 'http://localhost').pathname.split('/').findLast(Boolean) ?? '') as KafkaWorkerCommand;
  return describeCommand(command, request);
}

/** What the audit says of a request. @internal */
export function describeCommand(command: KafkaWorkerCommand, { params, query, body }: AdminRequest): CommandStart {
  const known = knownFields(BODIES[command], body);
  const { topic, partition } = known;
  const connection: unknown = (query as { connection?: unknown } | undefined)?.connection;
  const target: CommandTarget = {
    ...(typeof connection === 'string' && { connection }),
    ...(params?.['worker'] !== undefined && { worker: params['worker'] }),
    ...(typeof topic === 'string' && { topic }),
    ...(typeof partition === 'number' && { partition }),
  };
  return { command, target, body: known };
}
