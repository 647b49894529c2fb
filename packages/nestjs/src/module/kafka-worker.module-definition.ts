import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { KafkaWorkerModuleExtras, KafkaWorkerModuleOptions } from '../interfaces/module-options.interface.js';

/** @internal */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<KafkaWorkerModuleOptions>({ moduleName: 'KafkaWorker' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createKafkaWorkerOptions')
    .setExtras<KafkaWorkerModuleExtras>({ isGlobal: true, name: undefined }, (definition, extras) => ({
      ...definition,
      global: extras.isGlobal ?? true,
    }))
    .build();
