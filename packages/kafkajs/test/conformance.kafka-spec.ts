import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { clusterTools, testBrokers, type ClusterTools } from '@app/kafka-cluster';
import { describeConformance } from '@kafka-worker/testing/conformance';
import { CONFIGURATIONS, kafkajsSubject } from './support/conformance-subject.js';

let tools: ClusterTools;

beforeAll(() => {
  tools = clusterTools(testBrokers());
});
afterAll(() => tools.close());

for (const configuration of CONFIGURATIONS) {
  const subject = kafkajsSubject(configuration, () => tools);
  describeConformance(subject, { describe, it });
}
