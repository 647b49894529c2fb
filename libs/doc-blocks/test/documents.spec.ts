import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES, WORKER_OPTION_NAMES } from '@kafka-worker/engine';
import { documents, root } from './support/documents.js';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
/** What stands in the first column of a document's tables, as code: `a`, or `a`, `b`. */
const listed = (document: string): string[] =>
  read(document)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name as string));

describe('documents', () => {
  it('list every error code', () => {
    expect(Object.keys(ERROR_CODES).filter((code) => !listed('docs/errors-and-events.md').includes(code))).toEqual([]);
  });

  it('list every event', () => {
    const source = read('packages/engine/src/events/events.ts');
    const types = [...source.matchAll(/readonly type: ((?:'[a-z.]+'(?: \| )?)+)/g)].flatMap(([, union]) =>
      [...(union as string).matchAll(/'([a-z.]+)'/g)].map(([, type]) => type as string),
    );
    expect(types).toContain('record.settled');
    expect(types.filter((type) => !listed('docs/errors-and-events.md').includes(type))).toEqual([]);
  });

  it('list every option of a worker', () => {
    const names = listed('docs/options.md').map((name) => name.split('.')[0]);
    expect(WORKER_OPTION_NAMES.filter((name) => !names.includes(name))).toEqual([]);
  });

  it.each(documents)('%s links to files that exist', (document) => {
    const text = read(document).replace(/^```[\s\S]*?^```/gm, '');
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => (target as string).replace(/#.*/, ''));
    const missing = targets.filter(
      (target) => target !== '' && !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(document), target)),
    );
    expect(missing).toEqual([]);
  });
});
