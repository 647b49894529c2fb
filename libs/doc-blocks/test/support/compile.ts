import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { uncheckedBecause, type CodeBlock, type DocProgram } from '../../src/index.js';

/** How the virtual package of a program says that its files are to be read. */
export type ModuleFormat = 'module' | 'commonjs';

/** A program, and in which format it is compiled. */
export interface DocCompilation {
  readonly program: DocProgram;
  readonly format: ModuleFormat;
}

/** No file of this folder exists: the compiler is handed the blocks in their place. */
const FOLDER = '.doc-blocks';

/**
 * Type-checks programs with the repository's options; packages are resolved to their sources, so nothing has to be
 * built. Unused names are allowed, since an example declares what it shows.
 * @returns per compilation what is wrong, as `document:line: message`.
 */
export function typeCheck(root: string, compilations: readonly DocCompilation[]): string[][] {
  const virtual = new Map<string, { text: string; block?: CodeBlock }>();
  const files = compilations.map(({ program, format }, index) => {
    const folder = join(root, FOLDER, String(index));
    virtual.set(join(folder, 'package.json'), { text: JSON.stringify({ type: format }) });
    const checked = [...program.files].filter(([, block]) => uncheckedBecause(block) === undefined);
    return checked.map(([name, block]) => {
      const path = resolve(folder, name);
      // without an import or export of its own a block would be a script and share its names with the others
      virtual.set(path, { text: `${block.text}export {};\n`, block });
      return path;
    });
  });
  const options = repositoryOptions(root);
  const compiler = ts.createProgram(files.flat(), options, virtualHost(options, virtual));
  const global = [...compiler.getOptionsDiagnostics(), ...compiler.getGlobalDiagnostics()].map(messageOf);
  return files.map((paths) => [
    ...global,
    ...paths.flatMap((path) => {
      const source = compiler.getSourceFile(path);
      const diagnostics = [...compiler.getSyntacticDiagnostics(source), ...compiler.getSemanticDiagnostics(source)];
      return diagnostics.map((diagnostic) => {
        const { document, line } = virtual.get(path)?.block as CodeBlock;
        const at = source?.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line ?? 0;
        return `${relative(root, resolve(root, document))}:${line + at}: ${messageOf(diagnostic)}`;
      });
    }),
  ]);
}

function repositoryOptions(root: string): ts.CompilerOptions {
  const path = join(root, 'tsconfig.tests.json');
  const read = ts.getParsedCommandLineOfConfigFile(
    path,
    { noEmit: true, noUnusedLocals: false, noUnusedParameters: false },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (diagnostic) => fail(messageOf(diagnostic)) },
  );
  return read?.options ?? fail(`${path} cannot be read`);
}

function virtualHost(options: ts.CompilerOptions, virtual: ReadonlyMap<string, { text: string }>): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const folders = new Set([...virtual.keys()].flatMap(foldersOf));
  return {
    ...host,
    fileExists: (path) => virtual.has(path) || ts.sys.fileExists(path),
    readFile: (path) => virtual.get(path)?.text ?? ts.sys.readFile(path),
    directoryExists: (path) => folders.has(path) || ts.sys.directoryExists(path),
    getSourceFile: (path, languageVersion, ...rest) => {
      const text = virtual.get(path)?.text;
      return text === undefined
        ? host.getSourceFile(path, languageVersion, ...rest)
        : ts.createSourceFile(path, text, languageVersion);
    },
  };
}

function foldersOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/') || '/');
}

function messageOf({ messageText }: ts.Diagnostic): string {
  return ts.flattenDiagnosticMessageText(messageText, ' ');
}

function fail(message: string): never {
  throw new Error(message);
}

/** A document's text. */
export function readDocument(root: string, document: string): string {
  return readFileSync(join(root, document), 'utf8');
}
