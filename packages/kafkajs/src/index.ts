export { KafkajsDriver, kafkajsDriver } from './driver.js';
export { registerOptionalCodecs } from './codecs/register.js';
export type { CompressionName } from './codecs/compression.js';
export { ClientCrashError } from './errors/client-crash.error.js';
export type { ConsumerOverrides, DriverLog, KafkajsDriverOptions, LogLevel, ProducerOverrides } from './options.js';
