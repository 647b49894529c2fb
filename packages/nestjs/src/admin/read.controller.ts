import { Get, Injectable, Req } from '@nestjs/common';
import type { GroupAnswer, GroupsAnswer, PartitionsAnswer, WorkerDetailAnswer, WorkersAnswer } from './answers.js';
import { Directory, isNamed } from './directory.js';
import { GroupReader } from './group-reader.js';
import { ANSWERS, Describe } from './openapi.js';
import { readQuery } from './read-request.js';
import { QUERIES, type AdminRequest } from './requests.js';
import { Views } from './views.js';

/** What may be looked at. Its path and guards are the module's to say. @internal */
@Injectable()
export class ReadController {
  constructor(
    private readonly directory: Directory,
    private readonly reader: GroupReader,
    private readonly views: Views,
  ) {}

  @Get('groups')
  @Describe({
    summary: 'Groups this process is a member of',
    description: 'By what the process knows itself; no broker is asked unless `all=true`.',
    query: QUERIES.groups,
    answer: [200, 'Connections and groups', ANSWERS.groups],
    problems: ['validation', 'unknown-target', 'broker-away'],
  })
  groups(@Req() request: AdminRequest): Promise<GroupsAnswer> {
    const { connection, all } = readQuery(QUERIES.groups, request);
    return this.reader.list(connection, all ?? false);
  }

  @Get('groups/:groupId')
  @Describe({
    summary: 'A group as its brokers see it',
    description: 'Any group of the cluster: state, members, and how far it is in each partition.',
    path: { groupId: 'Group id' },
    query: QUERIES.target,
    answer: [200, 'The group', ANSWERS.group],
    problems: ['validation', 'unknown-target', 'broker-away'],
  })
  group(@Req() request: AdminRequest): Promise<GroupAnswer> {
    const { connection } = readQuery(QUERIES.target, request);
    return this.reader.describe(request.params?.['groupId'] ?? '', connection);
  }

  @Get('workers')
  @Describe({
    summary: 'Workers of this process',
    query: QUERIES.target,
    answer: [200, 'The workers', ANSWERS.workers],
    problems: ['validation', 'unknown-target'],
  })
  workers(@Req() request: AdminRequest): WorkersAnswer {
    const { connection } = readQuery(QUERIES.target, request);
    return { workers: this.directory.workers(connection).map((found) => this.views.worker(found)) };
  }

  @Get('workers/:worker')
  @Describe({
    summary: 'A worker with its partitions',
    path: { worker: '`Class#method`, with the `#` as `%23`, or `Class.method`' },
    query: QUERIES.target,
    answer: [200, 'The worker', ANSWERS.worker],
    problems: ['validation', 'unknown-target', 'not-running'],
  })
  worker(@Req() request: AdminRequest): WorkerDetailAnswer {
    const { connection } = readQuery(QUERIES.target, request);
    return this.views.workerDetail(this.directory.worker(request.params?.['worker'] ?? '', connection));
  }

  @Get('partitions')
  @Describe({
    summary: 'Partitions this process holds, and what holds them',
    query: QUERIES.partitions,
    answer: [200, 'The partitions', ANSWERS.partitions],
    problems: ['validation', 'unknown-target'],
  })
  partitions(@Req() request: AdminRequest): PartitionsAnswer {
    const { connection, groupId, topic, worker } = readQuery(QUERIES.partitions, request);
    const partitions = this.directory
      .groups(connection)
      .filter(({ group }) => (groupId ?? group.groupId) === group.groupId)
      .flatMap(({ connection, group }) =>
        group.partitions
          .filter((one) => (topic ?? one.topic) === one.topic && isNamed(one.worker, worker ?? one.worker))
          .map((one) => this.views.partition(connection.name, group, one)),
      );
    return { partitions };
  }
}
