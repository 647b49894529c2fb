import { describe, expect, it } from '@jest/globals';
import { createClient } from '../src/client.js';

describe("the client's log", () => {
  const lines: [string, string][] = [];
  const client = createClient({
    client: { brokers: ['127.0.0.1:1'] },
    log: (level, message) => lines.push([level, message]),
  });
  const say = (level: 'error' | 'warn', message: string): unknown => {
    lines.length = 0;
    client.kafka.logger()[level](message);
    return lines;
  };

  it('calls no error what this driver or kafkajs itself deals with', () => {
    expect(say('error', 'Response Heartbeat(key: 12, version: 3)')).toMatchObject([['debug', expect.anything()]]);
    expect(say('warn', 'The group is rebalancing, re-joining')).toMatchObject([['debug', expect.anything()]]);
    expect(say('error', 'Crash: KafkaJSError: x')).toMatchObject([['debug', expect.anything()]]);
  });

  it('hands on what is news at the level it has', () => {
    expect(say('error', 'Connection error: refused')).toEqual([['error', 'Connection error: refused']]);
    expect(say('warn', 'something else')).toEqual([['warn', 'something else']]);
  });

  it('says of connections that it has cut itself at debug only', () => {
    client.sockets.cut();
    expect(say('error', 'Connection error: cut while closing')).toEqual([
      ['debug', 'Connection error: cut while closing'],
    ]);
  });
});
