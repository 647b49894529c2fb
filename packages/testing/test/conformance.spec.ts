import { describe, it } from '@jest/globals';
import { describeConformance } from '../src/conformance/index.js';
import { inMemory } from './support/conformance-subjects.js';

for (const subject of [inMemory('in-memory, eager', false), inMemory('in-memory, cooperative', true)]) {
  describeConformance(subject, { describe, it });
}
