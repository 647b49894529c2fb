import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian keeps the programs of each version; only its clients are on the PATH. */
const DEBIAN = '/usr/lib/postgresql';

/** The two programs that a server needs, of one version. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Who the server runs as where we are root, which it refuses. */
export interface PostgresUser {
  readonly uid: number;
  readonly gid: number;
}

/** The first folder of the PATH, then Debian's newest version, that has both programs; undefined where none has. */
export function findBinaries(): PostgresBinaries | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of [...onPath, ...debianFolders()]) {
    const found = { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
    if (isProgram(found.initdb) && isProgram(found.postgres)) return found;
  }
  return undefined;
}

/**
 * Undefined where the server may run as ourselves. As root: the user `postgres`, which comes with the package, or
 * `nobody`.
 */
export function serverUser(): PostgresUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name = '', , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  );
  return users.get('postgres') ?? users.get('nobody');
}

function debianFolders(): string[] {
  try {
    const versions = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(DEBIAN, version, 'bin'));
  } catch {
    return [];
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
