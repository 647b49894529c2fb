// The simulator as one file, straight from the sources: nothing has to compile first, and a defect can be planted on
// the way.
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './ready.mjs';

/**
 * Bundles the simulator. @param name of the file under `.cache/simulator`.
 * @param bug `{ file, find, replace, also }`: what is planted. Each place has to be there exactly once.
 * @returns the URL to import.
 */
export async function bundleSimulator(name, bug) {
  const outfile = join(root, '.cache', 'simulator', `${name}.mjs`);
  let planted = 0;
  await build({
    entryPoints: [join(root, 'packages/testing/src/simulator/index.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile,
    sourcemap: 'inline',
    logLevel: 'error',
    keepNames: true,
    packages: 'bundle',
    external: ['fast-check'],
    alias: { '@kafka-worker/engine': join(root, 'packages/engine/src/index.ts') },
    plugins: bug === undefined ? [] : [{ name: 'plant', setup: (setup) => plant(setup, bug, () => planted++) }],
  });
  if (bug !== undefined && planted !== 1) throw new Error(`${bug.name}: ${bug.file} is no part of the simulator`);
  return pathToFileURL(outfile).href;
}

function plant(setup, bug, done) {
  const path = join(root, bug.file);
  setup.onLoad({ filter: /\.ts$/ }, (args) => {
    if (args.path !== path) return undefined;
    let source = readFileSync(path, 'utf8');
    for (const { find, replace } of [bug, ...(bug.also ?? [])]) {
      const places = source.split(find).length - 1;
      if (places !== 1) throw new Error(`${bug.name}: its place is in ${bug.file} ${places} times, not once`);
      source = source.replace(find, () => replace);
    }
    done();
    return { contents: source, loader: 'ts' };
  });
}
