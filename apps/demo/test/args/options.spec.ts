import { describe, expect, it } from '@jest/globals';
import { parseOptions } from '../../src/args/options.js';
import { USAGE } from '../../src/args/usage.js';

describe('parseOptions', () => {
  it('has a default for everything', () => {
    expect(parseOptions([])).toEqual({
      kind: 'run',
      options: { members: 1, records: undefined, rate: 100, seed: 1, port: undefined, view: true, kafka: false },
    });
  });

  it('reads every option, with a space or =', () => {
    const args = [
      '--members',
      '3',
      '--records=500',
      '--rate',
      '2000',
      '--seed=0',
      '--port',
      '4000',
      '--no-view',
      '--kafka',
    ];
    expect(parseOptions(args)).toEqual({
      kind: 'run',
      options: { members: 3, records: 500, rate: 2000, seed: 0, port: 4000, view: false, kafka: true },
    });
  });

  it.each([
    [['--members', '0'], '--members 0: a whole number from 1 to 16 is needed'],
    [['--members', '-1'], '--members -1: a whole number from 1 to 16 is needed'],
    [['--records', '1e3'], '--records 1e3: a whole number from 1 to 10000000 is needed'],
    [['--rate'], '--rate : a whole number from 1 to 10000 is needed'],
    [['--no-view=yes'], '--no-view takes no value'],
  ])('refuses %j', (args, message) => {
    expect(parseOptions(args)).toEqual({ kind: 'wrong', message });
  });

  it('names what is allowed, and every mistake at once', () => {
    const parsed = parseOptions(['--record', '5', '-x']);
    expect(parsed.kind).toBe('wrong');
    expect(parsed.kind === 'wrong' && parsed.message.split('\n')).toEqual([
      expect.stringMatching(/^--record does not exist; allowed are --kafka, --members N, /),
      expect.stringMatching(/^'5' is not an option; /),
      expect.stringMatching(/^-x does not exist; /),
    ]);
  });

  it('prefers help to complaints, and help names every option', () => {
    expect(parseOptions(['--help', '--nonsense'])).toEqual({ kind: 'help' });
    for (const name of ['members', 'records', 'rate', 'seed', 'port', 'no-view', 'kafka', 'help']) {
      expect(USAGE).toContain(`--${name}`);
    }
  });
});
