import { afterEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { canStartCluster, KafkaClusterError, startCluster } from '../src/index.js';
import { eventually } from '../src/waiting.js';
import { isAlive } from './clusters.js';

const suite = (await canStartCluster()) ? describe : describe.skip;
const SCRIPT = fileURLToPath(new URL('../../../scripts/kafka.mjs', import.meta.url));

suite('when the process that started a cluster', () => {
  const pids: number[] = [];

  afterEach(() => {
    // Only what a failed test left.
    for (const pid of pids.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });

  async function startInChild(): Promise<{ parent: ChildProcess; broker: number; directory: string }> {
    const parent = spawn(process.execPath, [SCRIPT, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
    pids.push(parent.pid as number);
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const started = JSON.parse(line) as { pids: [number]; directory: string };
    pids.push(started.pids[0]);
    return { parent, broker: started.pids[0], directory: started.directory };
  }

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('gets a %s, the broker and its data go too', async (signal) => {
    const { parent, broker, directory } = await startInChild();
    expect([isAlive(broker), existsSync(directory)]).toEqual([true, true]);
    parent.kill(signal);
    await eventually('end of the broker', () => !isAlive(broker));
    await eventually('end of the data', () => !existsSync(directory));
  });
});

suite('a cluster that cannot start', () => {
  it('says why, with the end of the log', async () => {
    const nonsense = startCluster({ properties: { 'num.io.threads': 'many' } });
    await expect(nonsense).rejects.toThrow(/num\.io\.threads/);
    await expect(startCluster({ properties: { 'node.id': '7' } })).rejects.toThrow(KafkaClusterError);
  });
});
