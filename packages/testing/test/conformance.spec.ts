import { describe, it } from '@jest/globals';
import { describeConformance } from '../src/conformance/index.js';
import { inMemory, remote } from './support/conformance-subjects.js';

for (const subject of [
  inMemory('in-memory, eager', false),
  inMemory('in-memory, cooperative', true),
  remote('remote, eager', false),
  remote('remote, cooperative', true),
]) {
  describeConformance(subject, { describe, it });
}
