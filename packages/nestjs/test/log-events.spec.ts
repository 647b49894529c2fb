import { ConsoleLogger, type ConsoleLoggerOptions, type LoggerService } from '@nestjs/common';
import { describe, expect, it, jest } from '@jest/globals';
import { Logger as NestPino, PinoLogger } from 'nestjs-pino';
import type { EngineEvent } from '@kafka-worker/engine';
import { logEvent } from '../src/runtime/log-events.js';

const partition = { groupId: 'group', worker: 'Orders#on', topic: 'orders', partition: 1 };
const record = { ...partition, offset: 5, attempt: 3 };
const error = new Error('the stock is closed');
const to = { topic: 'orders.dead', partition: 0, offset: 2 };

function lineOf(event: EngineEvent): string[] {
  const lines: string[] = [];
  const at =
    (level: string) =>
    (message: unknown): void =>
      void lines.push(`${level} ${String(message)}`);
  logEvent({ log: at('log'), warn: at('warn'), error: at('error'), debug: at('debug') }, event);
  return lines;
}

describe('what is logged of', () => {
  it.each<[EngineEvent, string]>([
    [
      { type: 'frozen', ...record, scope: 'key', reason: 'attempts', error, unfreezeInMs: undefined },
      'error Orders#on froze the key at orders/1@5 after 3 attempts: the stock is closed',
    ],
    [
      { type: 'frozen', ...record, scope: 'partition', reason: 'handler', error, unfreezeInMs: undefined },
      'error Orders#on froze the partition at orders/1@5 as the handler asked: the stock is closed',
    ],
    [
      { type: 'frozen', ...record, scope: 'partition', reason: 'budget', error, unfreezeInMs: 60_000 },
      'error Orders#on froze the partition at orders/1@5 since the dead-letter budget is spent, it goes on by itself in 60000 ms: the stock is closed',
    ],
    [
      { type: 'frozen', ...record, scope: 'key', reason: 'forward', error, unfreezeInMs: undefined },
      'error Orders#on froze the key at orders/1@5 since its copy could not be sent: the stock is closed',
    ],
    [
      { type: 'unfrozen', ...partition, offset: 5, scope: 'key', skipped: false, by: 'timer' },
      'log Orders#on goes on by itself at orders/1@5',
    ],
    [
      { type: 'unfrozen', ...partition, offset: 5, scope: 'key', skipped: true, by: 'operator' },
      'log Orders#on goes on at orders/1@5, the frozen record was skipped',
    ],
    [
      { type: 'record.settled', ...record, disposition: 'skipped', error },
      'warn Orders#on skipped orders/1@5: the stock is closed',
    ],
    [
      { type: 'record.settled', ...record, disposition: 'dead-lettered', error, to },
      'warn Orders#on dead-lettered orders/1@5 to orders.dead/0@2: the stock is closed',
    ],
    [
      { type: 'record.settled', ...record, disposition: 'retried-later', error, to },
      'debug Orders#on retried-later orders/1@5 to orders.dead/0@2: the stock is closed',
    ],
    [{ type: 'record.settled', ...record, disposition: 'abandoned' }, 'debug Orders#on abandoned orders/1@5'],
    [
      { type: 'forward.failed', ...record, to: 'orders.dead', error, retryInMs: 400 },
      'warn Orders#on could not send orders/1@5 to orders.dead, tried again in 400 ms: the stock is closed',
    ],
    [
      { type: 'forward.failed', ...record, to: 'orders.dead', error, retryInMs: undefined },
      'warn Orders#on could not send orders/1@5 to orders.dead, given up: the stock is closed',
    ],
    [
      { type: 'position.held', ...partition, from: 9, reason: 'the log ends at 4' },
      'error Orders#on stands at orders/1: the log ends at 4',
    ],
    [
      { type: 'claim.renewed', ...partition, offset: 5, error },
      'warn Orders#on has taken orders/1 from its store again, at 5: the stock is closed',
    ],
  ])('%o', (event, line) => {
    expect(lineOf(event)).toEqual([line]);
  });

  it('records that are done: nothing', () => {
    expect(lineOf({ type: 'record.settled', ...record, disposition: 'done' })).toEqual([]);
  });
});

describe('a line', () => {
  const frozen: EngineEvent = {
    ...{ type: 'frozen', ...record, scope: 'key', reason: 'attempts', error, unfreezeInMs: undefined },
  };
  const text = 'Orders#on froze the key at orders/1@5 after 3 attempts: the stock is closed';
  const lines = (log: (logger: LoggerService) => void, options: ConsoleLoggerOptions = {}): string => {
    let out = '';
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => ((out += String(chunk)), true));
    const writeError = jest
      .spyOn(process.stderr, 'write')
      .mockImplementation((chunk) => ((out += String(chunk)), true));
    try {
      log(new ConsoleLogger('KafkaWorker', { colors: false, ...options }));
    } finally {
      write.mockRestore();
      writeError.mockRestore();
    }
    return out;
  };

  it("is a text in Nest's own logger, with the stack of what went wrong", () => {
    const out = lines((logger) => logEvent(logger, frozen));
    expect(out).toContain(`[KafkaWorker] ${text}\n`);
    expect(out).toContain('at ');
    expect(out).not.toContain('Object(');
    expect(lines((logger) => logEvent(logger, { type: 'paused', ...partition }))).toMatch(
      /Orders#on paused orders\/1\s*$/,
    );
  });

  it('is an object with the fields of the event where a logger takes objects', () => {
    const { message } = JSON.parse(lines((logger) => logEvent(logger, frozen), { json: true })) as { message: object };
    expect(message).toMatchObject({
      ...{ msg: text, event: 'frozen', worker: 'Orders#on', groupId: 'group', topic: 'orders', partition: 1 },
      ...{ offset: 5, attempt: 3, scope: 'key', reason: 'attempts' },
    });
    expect(JSON.stringify(message)).toContain('at ');
  });

  it('has its fields beside the text with nestjs-pino, and of an error no more than its name and what it says', () => {
    const out: string[] = [];
    const stream = { write: (chunk: string) => void out.push(chunk) };
    const logger = new PinoLogger({ pinoHttp: [{ base: null, timestamp: false, level: 'debug' }, stream] });
    const withPayload = Object.assign(new Error('refused'), { config: { data: 'the payload' } });
    logEvent(new NestPino(logger, {}), { type: 'record.failed', ...record, error: withPayload, retryInMs: 100 });
    expect(out).toHaveLength(1);
    expect(JSON.parse(out[0] as string)).toEqual({
      ...{ level: 20, event: 'record.failed', ...record, retryInMs: 100, error: { type: 'Error', message: 'refused' } },
      msg: 'Orders#on attempt 3 at orders/1@5 failed: refused',
    });
  });
});
