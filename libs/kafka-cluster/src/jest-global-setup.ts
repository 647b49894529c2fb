import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * jest's globalSetup of the project `kafka`. Jest loads it outside of its module system, where neither aliases nor
 * `.js` for `.ts` are known; so it builds this package, which takes a second when nothing changed, and uses the build.
 */
export default async function setup(_globalConfig: unknown, project: { rootDir: string }): Promise<void> {
  const tsc = createRequire(join(project.rootDir, 'package.json')).resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-b', join(project.rootDir, 'libs/kafka-cluster')], { stdio: 'inherit' });
  const { startSharedCluster } = await import('@app/kafka-cluster');
  await startSharedCluster();
}
