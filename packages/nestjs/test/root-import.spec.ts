import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const src = join(import.meta.dirname, '../src');

/** Every file that an import of one loads, and every package; types are no imports. */
function loadedBy(entry: string): { files: string[]; packages: string[] } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    const text = readFileSync(file, 'utf8').replace(/^(?:import|export) type [^;]*;/gm, '');
    for (const [, target] of text.matchAll(/(?:from|^import|import\() ?'([^']+)'/gm)) {
      const name = target as string;
      if (name.startsWith('.')) visit(join(dirname(file), name.replace(/\.js$/, '.ts')));
      else packages.add(name);
    }
  };
  visit(join(src, entry));
  return { files: [...files].map((file) => relative(src, file)), packages: [...packages] };
}

describe('the root of the package', () => {
  it('loads nothing of the testing module, which is not installed in production', () => {
    const { files, packages } = loadedBy('index.ts');
    expect(files).toContain('runtime/connection.ts');
    expect(files.filter((file) => file.startsWith('testing/'))).toEqual([]);
    expect(packages.filter((name) => name.includes('testing'))).toEqual([]);
  });

  it.each([
    { folder: 'otel', world: '@opentelemetry' },
    { folder: 'logging', world: 'pino' },
  ])('loads nothing of $folder, whose peer is optional', ({ folder, world }) => {
    const { files, packages } = loadedBy('index.ts');
    expect(files.filter((file) => file.startsWith(`${folder}/`))).toEqual([]);
    expect(packages.filter((name) => name.includes(world))).toEqual([]);
    // the other way round: the subpath is what brings it in, and the rest of the package stays out of it
    expect(loadedBy(`${folder}/index.ts`).files).not.toContain('runtime/connection.ts');
  });

  it('and ./otel loads the API of OpenTelemetry, no more of it', () => {
    const { packages } = loadedBy('otel/index.ts');
    expect(packages.filter((name) => name.startsWith('@opentelemetry'))).toEqual(['@opentelemetry/api']);
  });

  it('and the subpath loads both', () => {
    const { files, packages } = loadedBy('testing/index.ts');
    expect(files).toContain('testing/kafka-worker-tester.ts');
    expect(packages).toEqual(expect.arrayContaining(['@nestjs/testing', '@kafka-worker/testing']));
  });

  it('loads nothing of admin, and admin nothing of Swagger, so that it works where that is not installed', () => {
    const { files, packages } = loadedBy('index.ts');
    expect(files.filter((file) => file.startsWith('admin/'))).toEqual([]);
    const admin = loadedBy('admin/index.ts');
    expect(admin.files).toEqual(expect.arrayContaining(['admin/openapi.ts', 'runtime/kafka-worker.host.ts']));
    expect([...packages, ...admin.packages].filter((name) => name.includes('swagger'))).toEqual([]);
  });
});
