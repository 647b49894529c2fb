import { describe, expect, it } from '@jest/globals';
import { brokerList, number, parseArguments, usage, whole, type OptionSpec } from '../../src/tools/arguments.js';

const SPECS: Record<string, OptionSpec> = {
  brokers: { value: 'host:port', help: 'where', parse: brokerList, required: true },
  records: { value: 'N', help: 'how many', parse: whole(1, 100) },
  skew: { value: 'S', help: 'how uneven', parse: number(0, 5) },
  once: { help: 'one table' },
};

function mistakes(...args: string[]): readonly string[] {
  const parsed = parseArguments(args, SPECS);
  return parsed.kind === 'wrong' ? parsed.mistakes : [];
}

describe('arguments of the tools', () => {
  it('are read in either form', () => {
    expect(parseArguments(['--brokers', 'a:1, b:2', '--records=7', '--skew', '1.1', '--once'], SPECS)).toEqual({
      kind: 'run',
      values: { brokers: ['a:1', 'b:2'], records: 7, skew: 1.1, once: true },
    });
  });

  it.each([
    [['--brokers', 'nope'], '--brokers nope: host:port is needed, or several with commas between'],
    [['--brokers', 'a:1', '--records', '0'], '--records 0: a whole number from 1 to 100 is needed'],
    [['--brokers', 'a:1', '--records', '1e1'], '--records 1e1: a whole number from 1 to 100 is needed'],
    [['--brokers', 'a:1', '--skew', '9'], '--skew 9: a number from 0 to 5 is needed'],
    [['--brokers', 'a:1', '--records'], '--records needs a value: --records N'],
    [['--brokers', 'a:1', '--once=yes'], '--once takes no value'],
    [['--brokers', 'a:1', '--once', '--once'], '--once is given twice'],
    [['--records', '5'], '--brokers host:port is missing: where'],
  ])('%j: %s', (args, message) => {
    expect(mistakes(...args)).toEqual([message]);
  });

  it('name what is allowed where there is no such option', () => {
    const allowed = 'allowed are --brokers host:port, --records N, --skew S, --once';
    expect(mistakes('--brokers', 'a:1', '--topc', 'x')).toEqual([`'--topc' is not an option; ${allowed}`]);
    expect(mistakes('--brokers', 'a:1', 'stray')).toEqual([`'stray' is not an option; ${allowed}`]);
    expect(mistakes('--brokers', 'a:1', '--constructor')).toHaveLength(1);
  });

  it('tell every mistake at once', () => {
    expect(mistakes('--records', 'x', '--skew', 'y')).toHaveLength(3);
  });

  it('ask for help whatever else is wrong', () => {
    expect(parseArguments(['--nonsense', '--help'], SPECS)).toEqual({ kind: 'help' });
    expect(usage(SPECS)).toContain('  --records N          how many');
  });
});
