import { describe, expect, it } from '@jest/globals';
import { readArgs, UsageError } from '../src/args.js';

const read = (line: string) => readArgs(line.split(' ').filter((word) => word !== ''));

function mistake(line: string): string {
  try {
    read(line);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error(`'${line}' was taken`);
}

describe('readArgs', () => {
  it('runs every cell five times by default', () => {
    expect(read('')).toMatchObject({ cells: ['W1', 'W2', 'W3'], runs: 5, subjects: undefined, keep: false });
  });

  it('takes cells and subjects in any case, each once', () => {
    expect(read('--cells w2,W1,W2 --subjects ENGINE-key --runs 7')).toMatchObject({
      cells: ['W2', 'W1'],
      subjects: ['engine-key'],
      runs: 7,
    });
  });

  it('answers nothing where help is asked for, whatever else stands there', () => {
    expect(read('--help --cells W9')).toBeUndefined();
  });

  it('names what is allowed instead of an unknown cell, subject or number', () => {
    const message = mistake('--cells W1,W9 --subjects engine-partition --runs 0 --timeout 1.5');
    expect(message).toContain("--cells: 'W9' is not known; allowed are W1, W2, W3");
    expect(message).toContain("--subjects: 'engine-partition' is not known; allowed are raw-batch");
    expect(message).toContain("--runs: '0' is not allowed; a whole number of 1 or more is");
    expect(message).toContain("--timeout: '1.5' is not allowed");
  });

  it('names the options instead of an unknown one', () => {
    expect(mistake('--cell W1')).toMatch(/--cell.*\nallowed are --cells, --subjects/s);
    expect(mistake('W1')).toContain('allowed are --cells');
  });

  it('wants a name for the files it writes', () => {
    expect(mistake('--json=')).toBe('--json: is empty; a file is needed');
  });
});
