export { CHAPTERS as conformanceChapters } from './chapters.js';
export { type CapabilityNeed, type ConformanceCase, type ConformanceChapter, isAsked } from './conformance-case.js';
export { describeConformance, type TestFramework } from './describe-conformance.js';
export { runCase } from './run-case.js';
export type { ConformanceSubject, ConformanceWorld } from './subject.js';
export type { ConformanceCluster } from './world/cluster.js';
export type { Environment as ConformanceEnvironment } from './world/environment.js';
export { type ConformanceTime, realTime, virtualTime } from './world/time.js';
