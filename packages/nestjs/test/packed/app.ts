import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { extractCodeBlocks, programsOf } from '@app/doc-blocks';

const run = promisify(execFile);
const root = process.cwd();
const PACKAGES = ['engine', 'kafkajs', 'nestjs', 'testing'];

/** Packs what is published, as `npm publish` would. @returns the tarballs' paths. */
export async function packAll(into: string): Promise<string[]> {
  const folders = PACKAGES.map((name) => join(root, 'packages', name));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', into, ...folders], { cwd: root });
  return (JSON.parse(stdout) as { filename: string }[]).map(({ filename }) => join(into, filename));
}

/** The quick start of the README, file by file. */
export function quickStart(): ReadonlyMap<string, string> {
  const document = 'README.md';
  const blocks = extractCodeBlocks(document, readFileSync(join(root, document), 'utf8'));
  const program = programsOf(blocks).find(({ files }) => files.has('src/main.ts'));
  if (program === undefined) throw new Error('the README has no block "// file: src/main.ts"');
  return new Map([...program.files].map(([file, { text }]) => [file, text]));
}

/** An app that is looked at from every side, on a cluster in memory: what a scrape and each probe says goes to stdout. */
export function seenFromOutside(): ReadonlyMap<string, string> {
  return new Map([['src/seen.ts', readFileSync(join(import.meta.dirname, 'seen.ts.txt'), 'utf8')]]);
}

/** What an app outside of the repository is made of. */
export interface PackedAppOptions {
  readonly module: 'esm' | 'cjs';
  readonly nest: string;
  readonly tarballs: readonly string[];
  readonly files: ReadonlyMap<string, string>;
  /** Beside Nest, by name. */
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** An app in a folder of its own, with the tarballs installed from npm's point of view like anybody else's. */
export class PackedApp {
  readonly folder = mkdtempSync(join(tmpdir(), 'kafka-worker-packed-'));
  #child: ChildProcess | undefined;
  #output = '';

  /** Installs and compiles. */
  async build({ module, nest, tarballs, files, dependencies: others = {} }: PackedAppOptions): Promise<void> {
    const nestPackages = ['common', 'core', 'microservices', 'platform-express', 'testing'];
    const dependencies = Object.fromEntries([
      ...nestPackages.map((name) => [`@nestjs/${name}`, nest]),
      ['reflect-metadata', '^0.2.2'],
      ['rxjs', '^7.8.2'],
      ...Object.entries(others),
    ]) as Record<string, string>;
    this.#write('package.json', {
      name: 'packed-app',
      private: true,
      ...(module === 'esm' ? { type: 'module' } : {}),
      dependencies,
    });
    this.#write('tsconfig.json', {
      compilerOptions: {
        target: 'ES2023',
        module: 'nodenext',
        strict: true,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        skipLibCheck: true,
        rootDir: 'src',
        outDir: 'dist',
        types: ['node'],
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: ['src'],
    });
    for (const [file, text] of files) this.#write(file, text);
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error', ...tarballs], {
      cwd: this.folder,
    });
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    await run(process.execPath, [tsc, '-p', '.'], { cwd: this.folder }).catch((error: { stdout?: string }) => {
      throw new Error(`the quick start does not compile:\n${error.stdout ?? ''}`);
    });
  }

  /** What a package of ours exports when the app loads it by its name. */
  async exportsOf(name: string): Promise<string[]> {
    const script = `import('${name}').then((all) => console.log(JSON.stringify(Object.keys(all))))`;
    const { NODE_OPTIONS: _mine, ...env } = process.env;
    const { stdout } = await run(process.execPath, ['--eval', script], { cwd: this.folder, env });
    return JSON.parse(stdout) as string[];
  }

  /** Runs a compiled file to its end. @returns what it has said. */
  async runFile(file: string): Promise<string> {
    const { NODE_OPTIONS: _mine, ...inherited } = process.env;
    const { stdout } = await run(process.execPath, [file], { cwd: this.folder, env: { ...inherited, NO_COLOR: '1' } });
    return stdout;
  }

  start(env: Readonly<Record<string, string>>): void {
    const { NODE_OPTIONS: _mine, ...inherited } = process.env;
    this.#child = spawn(process.execPath, ['dist/main.js'], {
      cwd: this.folder,
      env: { ...inherited, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    }
  }

  get output(): string {
    return this.#output;
  }

  /** Ends as an orchestrator would. @returns the exit code, or the signal. */
  async terminate(): Promise<number | string | null> {
    const child = this.#child;
    if (child === undefined) return null;
    if (child.exitCode !== null) return child.exitCode;
    const ended = new Promise<number | string | null>((resolve) =>
      child.once('exit', (code, signal) => resolve(code ?? signal)),
    );
    child.kill('SIGTERM');
    return ended;
  }

  dispose(): void {
    this.#child?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #write(file: string, content: unknown): void {
    const path = join(this.folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, undefined, 2));
  }
}
