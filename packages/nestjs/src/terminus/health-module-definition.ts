import { ConfigurableModuleBuilder } from '@nestjs/common';
import { createHealthController } from './health.controller.js';
import { HEALTH_OPTIONS } from './health.constants.js';
import type { KafkaWorkerHealthModuleExtras, KafkaWorkerHealthModuleOptions } from './health-module-options.js';

/** @internal */
export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<KafkaWorkerHealthModuleOptions>({
    moduleName: 'KafkaWorkerHealth',
    optionsInjectionToken: HEALTH_OPTIONS,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createKafkaWorkerHealthOptions')
    .setExtras<KafkaWorkerHealthModuleExtras>({ path: 'health' }, (definition, { path = 'health' }) => ({
      ...definition,
      controllers: path === false ? [] : [createHealthController(path)],
    }))
    .build();
