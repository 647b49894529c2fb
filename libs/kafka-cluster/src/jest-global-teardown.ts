/** jest's globalTeardown of the project `kafka`: see jest-global-setup.ts. */
export default async function teardown(): Promise<void> {
  const { stopSharedCluster } = await import('@app/kafka-cluster');
  await stopSharedCluster();
}
