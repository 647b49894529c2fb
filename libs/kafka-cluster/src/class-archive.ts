import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { JavaBrokers } from './java-brokers.js';
import { archiveFile, kafkaJars } from './kafka-jars.js';
import { withDefaults } from './options.js';
import { RunningCluster } from './running-cluster.js';

/**
 * Makes the class archive of Kafka's jars if there is none yet. A broker that maps its classes from one instead of
 * reading them from the jars starts in half the time with half the CPU. The JVM writes the archive when a broker ends
 * politely, so a broker is started for nothing else. Never throws: without an archive all is slower and works.
 */
export async function makeClassArchive(): Promise<void> {
  const archive = archiveFile(await kafkaJars());
  if (existsSync(archive)) return;
  // Written aside: two processes may be at it, and a broker must never see half an archive.
  const aside = `${archive}.${process.pid}`;
  try {
    const brokers = await JavaBrokers.create(withDefaults({}), [`-XX:ArchiveClassesAtExit=${aside}`]);
    const cluster = await new RunningCluster(brokers).ready();
    try {
      await cluster.createTopic('training');
      await cluster.stopBroker(1);
    } finally {
      await cluster.stop();
    }
    await rename(aside, archive);
  } catch {
    await rm(aside, { force: true });
  }
}
