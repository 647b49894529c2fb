import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '../../../..');

/** README.md, docs/**.md and the README.md of every workspace. */
export const documents: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...['packages', 'libs', 'apps'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((workspace) => `${folder}/${workspace}/README.md`),
  ),
].filter((document) => existsSync(join(root, document)));
