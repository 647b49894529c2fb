import type { EngineEvent, TopicPartition } from '@kafka-worker/engine';
import type { LoggerService } from '@nestjs/common';
import { LogLine } from './log-line.js';

/**
 * One line for each thing an operator wants to know. Of records that go well none above debug; never a payload or a key.
 * Each is a text with the event's fields beside it. Errors are named by message; stacks at level error only.
 * @internal
 */
export function logEvent(target: LoggerService, event: EngineEvent): void {
  const line = (text: string, stack = false): LogLine => new LogLine(text, event, stack);
  const logger: Lines = {
    log: (text) => target.log(line(text)),
    warn: (text) => target.warn(line(text)),
    debug: (text) => target.debug?.(line(text)),
    error: (text) => target.error(line(text, true)),
  };
  switch (event.type) {
    case 'engine.state':
      return logger.log(`state ${event.state}`);
    case 'group.state': {
      const line = `group ${event.groupId} ${event.state}${event.error ? `: ${event.error.message}` : ''}`;
      return event.state === 'crashed' ? logger.error(line) : logger.log(line);
    }
    case 'group.rebalanced':
      return logger.log(
        `group ${event.groupId} rebalanced in ${event.durationMs} ms, generation ${event.generation}: ` +
          `assigned [${list(event.assigned)}], revoked [${list(event.revoked)}], kept [${list(event.kept)}]`,
      );
    case 'group.lost':
      return logger.warn(`group ${event.groupId} lost [${list(event.partitions)}]: ${event.error.message}`);
    case 'drain.started':
      return logger.debug(`group ${event.groupId} drains for ${event.cause}, ${event.running} running`);
    case 'drain.finished': {
      const line =
        `group ${event.groupId} drained for ${event.cause} in ${event.durationMs} ms: ${event.outcome}, ` +
        `${event.finished} finished, ${event.left} left to be delivered again`;
      return event.left > 0 ? logger.warn(line) : logger.log(line);
    }
    case 'frozen': {
      const again = event.unfreezeInMs === undefined ? '' : `, it goes on by itself in ${event.unfreezeInMs} ms`;
      const line = `${event.worker} froze the ${event.scope} at ${at(event)} ${frozenFor(event)}${again}: ${event.error.message}`;
      // a delay that was asked for is nothing that anybody has to look after
      return event.reason === 'delay' ? logger.warn(line) : logger.error(line);
    }
    case 'unfrozen': {
      const by = event.by === 'timer' ? ' by itself' : '';
      return logger.log(
        `${event.worker} goes on${by} at ${at(event)}${event.skipped ? ', the frozen record was skipped' : ''}`,
      );
    }
    case 'record.settled':
      return logSettled(logger, event);
    case 'forward.failed': {
      const next = event.retryInMs === undefined ? 'given up' : `tried again in ${event.retryInMs} ms`;
      return logger.warn(`${event.worker} could not send ${at(event)} to ${event.to}, ${next}: ${event.error.message}`);
    }
    case 'record.failed':
      return logger.debug(`${event.worker} attempt ${event.attempt} at ${at(event)} failed: ${event.error.message}`);
    case 'record.late':
      return logger.debug(`${event.worker} ${event.outcome} at ${at(event)} after the partition had gone; dropped`);
    case 'paused':
    case 'resumed':
      return logger.log(`${event.worker} ${event.type} ${where(event)}`);
    case 'sought':
      return logger.log(`${event.worker} sought ${where(event)} to ${event.offset}`);
    case 'limit.changed':
      return logger.log(`${event.worker} runs ${event.limit} at once from now on`);
    case 'group.disowned':
      return event.partitions.length === 0
        ? logger.log(`group ${event.groupId}: the broker knows again what this member owns`)
        : logger.error(
            `group ${event.groupId}: the broker does not know that this member owns [${list(event.partitions)}]: nothing of them arrives here`,
          );
    case 'commit.succeeded':
      return;
    case 'commit.failed':
      return logger.warn(
        `commit of group ${event.groupId} failed, ${event.willRetry ? 'it will be tried again' : 'given up'}: ${event.error.message}`,
      );
    case 'key.unmarked':
      return logger.warn(
        `${event.worker} has handled ${at(event)}, and its idempotency key could not be marked: ${event.error.message}`,
      );
    case 'map.dropped':
      return logger.warn(`the done-set of ${where(event)} was dropped: ${event.reason}`);
    case 'map.held':
      return logger.warn(
        `${event.worker} starts nothing new in ${where(event)}: the done-set has ${event.chars} characters`,
      );
    case 'map.released':
      return logger.log(`${event.worker} starts again in ${where(event)}`);
    case 'position.reset':
      return logger.warn(`${where(event)} went on at ${event.to} instead of ${event.from}: ${event.reason}`);
    case 'position.held':
      return logger.error(`${event.worker} stands at ${where(event)}: ${event.reason}`);
    case 'claim.renewed':
      return logger.warn(
        `${event.worker} has taken ${where(event)} from its store again, at ${event.offset}: ${event.error.message}`,
      );
  }
}

/** Where texts go; each becomes a {@link LogLine}. */
type Lines = Readonly<Record<'log' | 'warn' | 'debug' | 'error', (text: string) => void>>;

/** What is lost to the handler at warn, what comes again to one at debug; nothing of what went well. */
function logSettled(logger: Lines, event: Extract<EngineEvent, { type: 'record.settled' }>): void {
  const { worker, disposition, error, to } = event;
  if (disposition === 'done') return;
  const line = `${worker} ${disposition} ${at(event)}${to ? ` to ${at(to)}` : ''}${error ? `: ${error.message}` : ''}`;
  if (disposition === 'skipped' || disposition === 'dead-lettered') logger.warn(line);
  else logger.debug(line);
}

function frozenFor({ reason, attempt }: Extract<EngineEvent, { type: 'frozen' }>): string {
  switch (reason) {
    case 'attempts':
      return `after ${attempt} attempts`;
    case 'handler':
      return 'as the handler asked';
    case 'delay':
      return 'until its next delay is over';
    case 'budget':
      return 'since the dead-letter budget is spent';
    case 'operator':
      return 'as an operator asked';
    case 'forward':
      return 'since its copy could not be sent';
  }
}

function list(partitions: readonly TopicPartition[]): string {
  return partitions.map(where).join(', ');
}

function where(partition: TopicPartition): string {
  return `${partition.topic}/${partition.partition}`;
}

function at(record: TopicPartition & { readonly offset: number }): string {
  return `${where(record)}@${record.offset}`;
}
