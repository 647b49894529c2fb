import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { clusterTools, testBrokers, type ClusterTools } from '@app/kafka-cluster';
import { describeConformance } from '@kafka-worker/testing/conformance';
import { kafkajsSubject } from './support/conformance-subject.js';

let tools: ClusterTools;

beforeAll(() => {
  tools = clusterTools(testBrokers());
});
afterAll(() => tools.close());

describeConformance(
  kafkajsSubject(() => tools),
  { describe, it },
);
