export * from './extract.js';
export * from './programs.js';
