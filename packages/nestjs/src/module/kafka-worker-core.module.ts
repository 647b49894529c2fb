import { Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { KafkaWorkerGround } from '../runtime/ground.js';
import { KafkaWorkerHost } from '../runtime/kafka-worker.host.js';

/**
 * Holds what all connections share, and the place in the order of the hooks.
 *
 * Nest destroys modules by ascending distance from the root, global ones last, and initialises them the other way round.
 * At distance 0 our hooks run last in init and bootstrap, when everything is ready for the first record, and first in
 * `onModuleDestroy`, while every pool of the user is still open (nestjs/mongoose#2309, nestjs/nest#15936). The
 * strategy's `close()` would be too late: on SIGTERM and in hybrid apps it comes after all destroy hooks.
 */
@Module({ providers: [KafkaWorkerHost, KafkaWorkerGround], exports: [KafkaWorkerHost] })
export class KafkaWorkerCoreModule {
  constructor(modules: ModulesContainer) {
    // In a constructor, since Nest sorts at the first hook. Where this ever stops working, close() still drains.
    for (const module of modules.values()) if (module.metatype === KafkaWorkerCoreModule) module.distance = 0;
  }
}
