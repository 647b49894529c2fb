export { type Find, scenarioOf, shrink, simulateSeed } from './hunt.js';
export type { BrokenPromise, Violation } from './model/violation.js';
export type * from './scenario/scenario.js';
export { scenarios } from './scenario/arbitrary.js';
export { simulate, type SimulationResult } from './simulation.js';
