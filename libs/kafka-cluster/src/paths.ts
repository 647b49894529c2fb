import { fileURLToPath } from 'node:url';

// This file runs from src/ (under jest) and from dist/; both are one folder below the package's root.
const fromRoot = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

export const POM = fromRoot('pom.xml');
export const KEEPER = fromRoot('bin/keeper.mjs');
export const BROKER_LOGGING = fromRoot('java/log4j2-broker.xml');
export const CLUSTER_ADMIN_SOURCE = fromRoot('java/ClusterAdmin.java');
export const CACHE = fromRoot('../../.cache/kafka');
