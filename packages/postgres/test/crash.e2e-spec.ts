import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { Effects } from './support/effects.js';
import { describeOnServer, useServer } from './support/server.js';

const PREFIX = 'crash_';
const KILLS = 60;
/** The longest that a member is left alone after it has begun. Milliseconds. */
const LONGEST_LIFE_MS = 100;

describeOnServer('members killed with SIGKILL', () => {
  const { newStore, pool, server } = useServer();
  const folder = mkdtempSync(join(tmpdir(), 'postgres-crash-'));
  const program = join(folder, 'member.mjs');
  const alive = new Set<ChildProcess>();

  beforeAll(async () => {
    await build({
      entryPoints: [join(import.meta.dirname, 'crash/member.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['pg-native'],
      alias: { '@kafka-worker/engine': join(import.meta.dirname, '../../engine/src/index.ts') },
      banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` },
    });
  }, 30_000);
  afterAll(() => {
    for (const child of alive) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  /** Starts a member and waits until it has claimed the partition. */
  async function member(name: string): Promise<ChildProcess> {
    const child = spawn(process.execPath, [program, server().url, PREFIX, name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    alive.add(child);
    child.once('exit', () => alive.delete(child));
    const lines = createInterface({ input: child.stdout });
    const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [string];
    expect(line).toBe('claimed');
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  it(`${KILLS} times at any moment: each settled record has taken effect once, and no other has`, async () => {
    const effects = await Effects.create(pool(), `${PREFIX}effects`);
    const store = await newStore({ prefix: PREFIX });
    let former = await member('0');
    const failures: (number | null)[] = [];
    for (let round = 1; round <= KILLS; round += 1) {
      // the moment is what the test is about
      await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_LIFE_MS));
      // each second time the successor begins while the former one is still at it, which fences that
      const overlap = round % 2 === 0;
      if (!overlap) await kill(former);
      const young = await member(String(round));
      await kill(former);
      failures.push(former.exitCode);
      former = young;
    }
    await kill(former);

    const { position } = await store.claim({ groupId: 'shop', topic: 'orders', partition: 0 });
    const { offset = -1, done = [] } = position ?? {};
    const settled = [
      ...Array.from({ length: offset }, (_, each) => each),
      ...done.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, each) => from + each)),
    ];
    const took = (await effects.all()).map((effect) => Number(effect.split(' ')[0]));
    expect(took).toEqual(settled);
    // killed, or ended by itself when it was fenced; never by an error
    expect(failures.filter((code) => code !== null && code !== 0)).toEqual([]);
    expect(took.length).toBeGreaterThan(10 * KILLS);
  }, 120_000);
});
