import tseslint from 'typescript-eslint';

/**
 * The arrows of the architecture: what each package may import of the others, and of the world.
 * nestjs → engine ← kafkajs | testing | postgres | redis | dlq, and nestjs → kafkajs as its default driver.
 */
const arrows = {
  'packages/engine': { may: [], world: [] },
  'packages/kafkajs': { may: ['@kafka-worker/engine'], world: ['kafkajs', 'snappyjs', 'lz4-napi', 'zstd-codec'] },
  'packages/postgres': { may: ['@kafka-worker/engine'], world: ['pg'] },
  'packages/redis': { may: ['@kafka-worker/engine'], world: ['ioredis', 'redis'] },
  'packages/dlq': { may: ['@kafka-worker/engine', '@kafka-worker/kafkajs'], world: [] },
  // fast-check: the simulator only
  'packages/testing': { may: ['@kafka-worker/engine'], world: ['fast-check'] },
  'packages/nestjs': {
    // testing and @nestjs/testing: the subpath of that name only; so with what the other subpaths stand on
    may: ['@kafka-worker/engine', '@kafka-worker/kafkajs', '@kafka-worker/testing'],
    world: [
      ...['@nestjs/common', '@nestjs/core', '@nestjs/microservices', '@nestjs/testing', 'rxjs', 'reflect-metadata'],
      ...['@nestjs/swagger', '@nestjs/terminus', '@opentelemetry/api', 'prom-client'],
    ],
  },
};

/** Everything that is neither relative, nor of Node, nor on the list. */
function forbidOthers({ may, world }) {
  const allowed = [...may, ...world].map((name) => name.replace('/', '\\/')).join('|');
  const regex = allowed ? `^(?!\\.|node:|(?:${allowed})(?:$|\\/))` : '^(?!\\.|node:)';
  return {
    patterns: [
      {
        regex,
        message: `This package may import ${[...may, ...world].join(', ') || 'nothing'} beside Node and itself.`,
      },
    ],
  };
}

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', '.cache/', 'coverage/', '**/*.mjs', '**/*.cjs', '**/*.js'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { project: './tsconfig.tests.json', tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-unused-expressions': ['error', { allowShortCircuit: true }],
      eqeqeq: 'error',
    },
  },
  {
    // decorated signatures need the class itself, not its type: what reflection hands to Nest
    files: ['packages/nestjs/**/*.ts', 'apps/**/*.ts'],
    rules: { '@typescript-eslint/consistent-type-imports': 'off' },
  },
  ...Object.entries(arrows).map(([folder, arrow]) => ({
    files: [`${folder}/src/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', forbidOthers(arrow)] },
  })),
  {
    files: ['packages/*/test/**/*.ts', 'libs/*/test/**/*.ts', 'apps/*/test/**/*.ts'],
    rules: { '@typescript-eslint/no-floating-promises': 'off' },
  },
);
