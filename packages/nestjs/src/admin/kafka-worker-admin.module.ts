import {
  Controller,
  Module,
  UseFilters,
  UseGuards,
  VERSION_NEUTRAL,
  type DynamicModule,
  type ExceptionFilter,
  type Type,
} from '@nestjs/common';
import { KafkaWorkerCoreModule } from '../module/kafka-worker-core.module.js';
import {
  ADMIN_SETTINGS,
  checkAdminOptions,
  settingsOf,
  type AdminGuard,
  type KafkaWorkerAdminOptions,
} from './admin-options.js';
import { KafkaWorkerAudit } from './audit.js';
import { ClusterAdmins } from './cluster-admins.js';
import { CommandController } from './command.controller.js';
import { CommandFilter } from './command.filter.js';
import { Commands } from './commands.js';
import { Directory } from './directory.js';
import { GroupReader } from './group-reader.js';
import { describeController } from './openapi.js';
import { ProblemFilter } from './problem.filter.js';
import { ReadController } from './read.controller.js';
import { Views } from './views.js';

const DEFAULT_PATH = 'kafka';
const TAG = 'kafka-worker';

/**
 * Groups, workers and partitions of all connections over HTTP, and commands where they are guarded:
 * `KafkaWorkerAdminModule.forRoot({ commands: { guards: [AdminGuard] } })`. See docs/admin.md for the routes.
 */
@Module({})
export class KafkaWorkerAdminModule {
  /** @throws ConfigurationError with everything that is wrong with the options. */
  static forRoot(options: KafkaWorkerAdminOptions = {}): DynamicModule {
    checkAdminOptions(options);
    const { path = DEFAULT_PATH, commands, reads, imports = [] } = options;
    const controllers = [controllerAt(ReadController, path, ProblemFilter, reads?.guards ?? [])];
    if (commands !== undefined) {
      const guards = commands === 'unguarded' ? [] : commands.guards;
      controllers.push(controllerAt(CommandController, path, CommandFilter, guards));
    }
    return {
      module: KafkaWorkerAdminModule,
      imports: [KafkaWorkerCoreModule, ...imports],
      controllers,
      providers: [
        { provide: ADMIN_SETTINGS, useValue: settingsOf(options) },
        ...[KafkaWorkerAudit, ClusterAdmins, Commands, Directory, GroupReader, Views],
      ],
      exports: [KafkaWorkerAudit],
    };
  }
}

/** A controller of its own for each module: path and guards are what its class is decorated with. */
function controllerAt(
  base: typeof ReadController | typeof CommandController,
  path: string,
  filter: Type<ExceptionFilter>,
  guards: readonly AdminGuard[],
): Type {
  // under the name of its base: OpenAPI makes operation ids of it
  const name = `KafkaWorker${base.name}`;
  const made = { [name]: class extends (base as unknown as Type) {} }[name] as Type;
  // the same routes under every version of the application's own
  Controller({ path, version: VERSION_NEUTRAL })(made);
  UseFilters(filter)(made);
  if (guards.length > 0) UseGuards(...guards)(made);
  describeController(made, TAG);
  return made;
}
