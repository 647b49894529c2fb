export {
  KAFKA_METRICS_OPTIONS,
  KafkaMetricsInterceptor,
  type KafkaMetricsOptions,
} from './kafka-metrics.interceptor.js';
