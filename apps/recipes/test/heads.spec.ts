import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { headLines } from '../src/harness/recipe.js';
import { recipes } from '../src/recipes/index.js';

const app = join(import.meta.dirname, '..');
const folders = readdirSync(join(app, 'src/recipes'), { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

describe.each(recipes.map((recipe) => [recipe.id, recipe] as const))('recipe %s', (id, recipe) => {
  const folder = folders.find((name) => name.startsWith(`${id}-`)) ?? '';
  const lines = headLines(recipe.head);

  it('has its head above the worker', () => {
    const sources = readdirSync(join(app, 'src/recipes', folder))
      .filter((name) => name.endsWith('.worker.ts'))
      .map((name) => readFileSync(join(app, 'src/recipes', folder, name), 'utf8'));
    const head = [`// ${id} ${recipe.title}`, ...lines.map((line) => `// ${line}`)].join('\n');
    expect(sources.filter((source) => source.startsWith(`${head}\n`))).toHaveLength(1);
  });

  it('has a test of its own that runs its module without Kafka, as a user would', () => {
    const test = readFileSync(join(app, 'test', `${folder}.e2e-spec.ts`), 'utf8');
    expect(test).toMatch(/await testRecipe\(\w+Module|await testRecipe\(module/);
  });

  it('stands in the README with its head', () => {
    const readme = readFileSync(join(app, 'README.md'), 'utf8');
    expect(readme).toContain(`### ${id} [${recipe.title}](src/recipes/${folder})`);
    for (const line of lines) expect(readme).toContain(`\n${line}\n`);
  });
});

it('every folder is a recipe, in the order of the numbers', () => {
  expect(folders.map((name) => name.slice(0, 2)).toSorted()).toEqual(recipes.map(({ id }) => id));
});
