import { createHash } from 'node:crypto';

/** An index takes rows of up to about 2,700 bytes. */
const LONGEST = 512;

/** A key as it is stored: as it is where PostgreSQL takes it, else a hash of it. */
export function storedKey(key: string): string {
  if (key.length <= LONGEST && !key.includes('\0')) return key;
  return `sha256:${createHash('sha256').update(key).digest('hex')}`;
}
