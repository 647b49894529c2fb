// Deliberate defects of the engine: each is one change of its source that a tired person could make. `npm run mutants`
// plants them one by one, and the simulator has to find every one. Those marked `real` were in the engine once; the
// simulator found them.

const E = 'packages/engine/src';

export const bugs = [
  // ---------------------------------------------------------------- offsets
  {
    name: 'commit one too far',
    file: `${E}/offsets/offset-tracker.ts`,
    find: 'if (this.#first !== undefined) return this.#first.offset;',
    replace: 'if (this.#first !== undefined) return this.#first.offset + 1;',
  },
  {
    name: 'frontier is the highest settled offset',
    file: `${E}/offsets/offset-tracker.ts`,
    find: 'if (this.#first !== undefined) return this.#first.offset;',
    replace: 'if (this.#first !== undefined && this.#first.offset > this.#highestSettled) return this.#first.offset;',
  },
  {
    name: 'map and offset from two moments',
    file: `${E}/group/partition-assignment.ts`,
    find: 'const map = encodeDoneMap(offset, this.tracker.doneRanges());',
    replace: 'const map = encodeDoneMap(offset, this.lastRanges ?? []); this.lastRanges = this.tracker.doneRanges();',
  },
  {
    name: 'map names what still runs',
    file: `${E}/offsets/offset-tracker.ts`,
    find: 'appendRange(ranges, entry.offset + 1, entry.after?.offset ?? this.#position);',
    replace: 'appendRange(ranges, entry.offset + 1, (entry.after?.offset ?? this.#position) + (entry.after ? 1 : 0));',
  },
  {
    name: 'done-set of an earlier owner is forgotten',
    file: `${E}/group/start-positions.ts`,
    find: 'restored: map.ok ? map.ranges.filter((done) => done.to > start) : [],',
    replace: 'restored: [],',
  },
  {
    name: 'done-set of an earlier owner leaves the next map',
    file: `${E}/offsets/offset-tracker.ts`,
    find: 'for (let i = this.#ahead(); i < this.#restored.length; i++) {',
    replace: 'for (let i = this.#restored.length; i < this.#restored.length; i++) {',
  },
  {
    name: 'gaps hold the frontier',
    file: `${E}/offsets/offset-tracker.ts`,
    find: 'this.#position = entry.offset + 1;\n    this.#unsettled++;',
    replace: 'this.#position++;\n    this.#unsettled++;',
  },
  {
    name: 'a stored offset beyond the log is followed',
    file: `${E}/group/start-positions.ts`,
    find: 'const start = Math.max(offset, range.low);',
    replace: 'const start = offset;',
  },
  {
    name: 'a new group starts at the end',
    file: `${E}/group/start-positions.ts`,
    find: "offset: rules.startFrom === 'latest' ? range.high : range.low };",
    replace: 'offset: range.high };',
  },
  {
    name: 'commits overlap',
    file: `${E}/offsets/committer.ts`,
    find: 'if (this.#isBusy || this.#held || this.#closed || this.#dirty.size === 0) return;',
    replace: 'if (this.#held || this.#closed || this.#dirty.size === 0) return;',
  },
  {
    name: 'a failed commit leaves nothing dirty',
    file: `${E}/offsets/committer.ts`,
    find: '    partition.dirty = true;\n    this.#dirty.add(partition);\n  }\n}',
    replace: '  }\n}',
  },
  {
    name: 'what settles during a commit is forgotten',
    file: `${E}/offsets/committer.ts`,
    find: 'for (const { partition, offset } of entries) partition.acknowledge(offset);',
    replace:
      'for (const { partition, offset } of entries) { partition.acknowledge(offset); this.#dirty.delete(partition); partition.dirty = false; }',
  },
  {
    name: 'the timer of the next commit is lost',
    file: `${E}/offsets/committer.ts`,
    find: '    this.#timer = this.clock.setTimer(() => {\n      this.#timerDue = Infinity;',
    replace: '    this.#timer = this.clock.setTimer(() => {',
  },
  {
    name: 'a commit crosses a join',
    file: `${E}/offsets/committer.ts`,
    find: 'if (!partition.alive || !partition.commits) continue;',
    replace: 'if (!partition.commits) continue;',
  },
  {
    name: 'a snapshot starts what makes it old',
    real: true,
    file: `${E}/group/partition-assignment.ts`,
    find: '    this.mapChars = map.length;\n',
    replace: '    this.mapChars = map.length;\n    this.heedMapSize();\n',
  },

  // ---------------------------------------------------------------- lanes and bounds
  {
    name: 'two of a lane at once',
    file: `${E}/intake/intake.ts`,
    find: "if (lane.state === 'idle') lanes.makeReady(lane);",
    replace: "if (lane.state === 'idle' || lane.state === 'running') lanes.makeReady(lane);",
  },
  {
    name: 'a lane goes on while its head waits for a retry',
    file: `${E}/worker.ts`,
    find: "    task.state = 'waiting';\n    assignment.waiting++;",
    replace:
      "    task.state = 'waiting';\n    assignment.waiting++;\n    if (task.nextInLane) { lane.shift(); lane.push(task); assignment.lanes.makeReady(lane); }",
  },
  {
    name: 'a key that hashes alike shares a lane with nobody',
    file: `${E}/lanes/lane-table.ts`,
    find: 'if (lane.hash === hash && same(lane.key as Uint8Array, key)) return lane;',
    replace: 'if (lane.hash === hash && lane.key === key) return lane;',
  },
  {
    name: 'a lane that is deleted hides another one',
    file: `${E}/lanes/lane-table.ts`,
    find: '      if (distance < ((at - hole) & mask)) continue;\n      slots[hole] = other;\n      hole = at;',
    replace: '      if (distance < ((at - hole) & mask)) continue;\n      break;',
  },
  {
    name: 'one handler over the limit',
    file: `${E}/worker.ts`,
    find: 'while (this.#slotsUsed < this.limit) {',
    replace: 'while (this.#slotsUsed <= this.limit) {',
  },
  {
    name: 'one handler over maxConcurrency',
    file: `${E}/lanes/slots.ts`,
    find: 'if (this.#used >= this.max) {',
    replace: 'if (this.#used > this.max) {',
  },
  {
    name: 'one partition over partitionLimit',
    file: `${E}/lanes/turns.ts`,
    find: '} else if (this.#places < this.partitionLimit) {',
    replace: '} else if (this.#places <= this.partitionLimit) {',
  },
  {
    name: 'a turn that ends at a start gives its place away',
    real: true,
    file: `${E}/worker.ts`,
    find: `        this.#start(lane.head as Task, now);
        // only now: a partition whose turn is over gives its place up when nothing of it runs
        if (partition.lanes.hasReady) this.#turns.offer(partition);`,
    replace: `        if (partition.lanes.hasReady) this.#turns.offer(partition);
        this.#start(lane.head as Task, now);`,
  },
  {
    name: 'slot leaked on a synchronous throw',
    file: `${E}/delivery/attempt-runner.ts`,
    find: '      this.listener.failed(task, run, thrown);\n      return;',
    replace:
      '      this.listener.failed(task, run, thrown);\n      task.assignment.worker.slots.acquire({ pump() {} }, 0);\n      return;',
  },
  {
    name: 'slot leaked by a late result',
    file: `${E}/worker.ts`,
    find: "    if (!partition.alive) this.#late(task, 'failed');\n",
    replace: "    if (!partition.alive) return this.#late(task, 'failed');\n",
  },
  {
    name: 'whoever waits for a slot is not woken',
    file: `${E}/lanes/slots.ts`,
    find: '      user.pump();\n',
    replace: '',
  },
  {
    name: 'a serial worker waits with the slot of the process',
    real: true,
    file: `${E}/worker.ts`,
    find: '    this.slots.release(); // other workers of the process do not wait along\n',
    replace: '',
  },
  {
    name: 'another partition goes between a serial record and its retry',
    file: `${E}/worker.ts`,
    find: '        this.#due = task;\n',
    replace:
      '        this.#dropHeldSlot(lane);\n        assignment.lanes.makeReady(lane);\n        this.#turns.offer(assignment);\n',
  },
  {
    name: 'lanes set aside are not looked at again',
    real: true,
    file: `${E}/delivery/settler.ts`,
    find: '      partition.lanes.releaseBelow(partition.startBound); // the bound may have risen\n',
    replace: '',
  },

  // ---------------------------------------------------------------- intake
  {
    name: 'one record over the buffer',
    file: `${E}/intake/intake.ts`,
    find: 'if (buffered >= this.budget.records) return true;',
    replace: 'if (buffered > this.budget.records) return true;',
  },
  {
    name: 'lost wake-up: a full partition does not always ask for more',
    file: `${E}/intake/intake.ts`,
    find: 'if (this.#offering !== partition) partition.consumer.resume([partition]);',
    replace: 'if (this.#offering === undefined && partition.running === 0) partition.consumer.resume([partition]);',
  },
  {
    name: 'lost wake-up: room made while records are offered',
    real: true,
    file: `${E}/intake/intake.ts`,
    find: '} while (taken < records.length && !partition.refusing && partition.alive && partition.recalls === recalls);',
    replace: '} while (false);',
  },
  {
    name: 'records delivered again after a join are taken again',
    file: `${E}/intake/intake.ts`,
    find: "        if (task === undefined || task.lane.state === 'frozen') continue;",
    replace:
      "        if (task !== undefined && task.lane.state === 'frozen') continue;\n        if (task === undefined) { tracker.deliver(new Task(record, partition, lanes.choose(record).lane, now, undefined)); continue; }",
  },
  {
    name: 'one record too few is taken and nobody is told',
    file: `${E}/intake/intake.ts`,
    find: '        lanes.drop(lane);\n        break;',
    replace: '        lanes.drop(lane);\n        taken++;\n        break;',
  },

  // ---------------------------------------------------------------- attempts and policies
  {
    name: 'an error counts as done',
    file: `${E}/delivery/attempt-runner.ts`,
    find: '      (thrown: unknown) => this.listener.failed(task, run, thrown),',
    replace:
      '      (thrown: unknown) => (thrown === undefined ? this.listener.succeeded(task, run) : this.listener.failed(task, run, thrown)),',
  },
  {
    name: 'one attempt too many',
    file: `${E}/delivery/verdict.ts`,
    find: 'if (again && tried.attempt < attempts) {',
    replace: 'if (again && tried.attempt <= attempts) {',
  },
  {
    name: 'an attempt put off by the handler counts',
    file: `${E}/delivery/disposer.ts`,
    find: 'if (!verdict.counts) task.attempt--;',
    replace: '',
  },
  {
    name: 'attempts survive an unfreeze',
    file: `${E}/delivery/freezer.ts`,
    find: '    task.attempt = 0;\n',
    replace: '',
  },
  {
    name: 'a frozen partition goes on',
    file: `${E}/delivery/freezer.ts`,
    find: "if (scope === 'partition') partition.frozenAt ??= task;",
    replace: "if (scope === 'partition') task.run += 0;",
  },
  {
    name: 'skipping one frozen record thaws the other',
    file: `${E}/delivery/freezer.ts`,
    find: "    assignment.frozenAt = this.frozenTasks(assignment).find(\n      (other) => other !== task && other.frozen?.scope === 'partition',\n    );",
    replace: '    assignment.frozenAt = undefined;',
  },
  {
    name: 'a result after the timeout counts',
    file: `${E}/worker.ts`,
    find: 'if (late) return this.#failed(task, run, undefined);',
    replace: '',
  },
  {
    name: 'a hanging handler is never given up',
    file: `${E}/delivery/attempt-runner.ts`,
    find: 'task.timer = this.clock.setTimer(() => this.listener.failed(task, run, undefined), TIMEOUT_GRACE_MS);',
    replace: 'task.timer = undefined;',
  },
  {
    name: 'the result of a handler that was given up counts for the next attempt',
    file: `${E}/worker.ts`,
    find: "    if (task.state !== 'running' || task.run !== run) return; // its timeout has decided already",
    replace: "    if (task.state !== 'running') return;",
  },

  // ---------------------------------------------------------------- assignments and drains
  {
    name: 'starts go on while partitions are given back',
    file: `${E}/group/member.ts`,
    find: '    for (const partition of leaving) {\n      partition.draining = true;\n',
    replace: '    for (const partition of leaving) {\n',
  },
  {
    name: 'a drain does not wait',
    file: `${E}/group/waiting.ts`,
    find: 'if (running() === 0 || wait.budgetMs <= 0) return running();',
    replace: 'return running();',
  },
  {
    name: 'a drain forgets finished work',
    file: `${E}/group/drainer.ts`,
    find: '        ? this.#commitLast(this.site.partitions())\n',
    replace: '        ? Promise.resolve()\n',
  },
  {
    name: 'a shutdown forgets finished work',
    file: `${E}/group/drainer.ts`,
    find: ': this.#commitLast(partitions, clock.now() + LAST_COMMIT_MS);',
    replace: ': Promise.resolve();',
  },
  {
    name: 'what settles during the last commit is forgotten',
    real: true,
    file: `${E}/group/drainer.ts`,
    find: 'if (!partitions.some(({ alive, dirty, commits, draining }) => alive && dirty && commits && draining)) return;',
    replace: 'return;',
  },
  {
    name: 'the last commit is tried once',
    file: `${E}/group/drainer.ts`,
    find: 'const LAST_COMMIT_TRIES = 3;',
    replace: 'const LAST_COMMIT_TRIES = 1;',
  },
  {
    name: 'no sign of life during a drain',
    file: `${E}/group/drainer.ts`,
    find: "cause === 'rebalance' && keepAliveMs !== undefined\n",
    replace: 'false\n',
  },
  {
    name: 'nothing starts again after a join',
    file: `${E}/group/member.ts`,
    find: 'for (const partition of kept) this.#reopen(partition);',
    replace: 'for (const partition of kept) partition.draining = this.#shuttingDown;',
  },
  {
    name: 'commits stay held after a join',
    file: `${E}/group/member.ts`,
    find: '    this.#committer.release();\n',
    replace: '',
  },
  {
    name: 'buffered work of a kept partition is thrown away',
    file: `${E}/group/member.ts`,
    find: 'const revoked = this.partitions.filter((partition) => !owned.has(partition.key));',
    replace:
      'const revoked = this.partitions.filter((partition) => !owned.has(partition.key) || partition.running === 0);',
  },
  {
    name: 'pause forgotten after a join',
    file: `${E}/group/member.ts`,
    find: '    partition.draining = this.#shuttingDown;\n    partition.worker.reconsider(partition);',
    replace:
      '    partition.draining = this.#shuttingDown;\n    partition.paused = false;\n    partition.worker.reconsider(partition);',
  },
  {
    name: 'the position of a kept partition falls back to what is committed',
    file: `${E}/group/member.ts`,
    find: 'return this.partitions.map(({ topic, partition, fetchFrom }) => ({ topic, partition, offset: fetchFrom }));',
    replace:
      'return this.partitions.map(({ topic, partition, tracker }) => ({ topic, partition, offset: tracker.frontier }));',
  },
  {
    name: 'epoch not bumped: a seek goes on with the old assignment',
    file: `${E}/group/member.ts`,
    find: '    this.#drop(old, cause);\n    const fresh',
    replace: '    old.alive = false;\n    const fresh',
  },
  {
    name: 'resume after revoke: late results still count',
    file: `${E}/worker.ts`,
    find: '    if (partition.alive) {\n      if (task.outbox',
    replace: '    if (partition) {\n      if (task.outbox',
  },
  {
    name: 'handlers of a lost partition are not told',
    file: `${E}/worker.ts`,
    find: '        task.abort(cause);\n        this.#orphans.add(task);',
    replace: '        this.#orphans.add(task);',
  },
  {
    name: 'a retry outlives its partition',
    file: `${E}/worker.ts`,
    find: "        this.#attempts.clearTimer(task);\n        this.#dropHeldSlot(task.lane);\n        if (task.state === 'claiming')",
    replace: "        this.#dropHeldSlot(task.lane);\n        if (task.state === 'claiming')",
  },
  {
    name: 'stale twin: a partition that comes back finds its old assignment in place',
    file: `${E}/group/member.ts`,
    find: '    this.#partitions.delete(partition.key);\n    this.#renewals',
    replace: '    this.#renewals',
  },
  {
    name: 'attempts survive a reassignment',
    file: `${E}/worker.ts`,
    find: '    task.begin(now);',
    replace:
      '    if (task.run === 0) task.attempt = this.memo?.get(`${task.assignment.key}/${task.offset}`) ?? 0;\n    task.begin(now);',
    also: [
      {
        find: "      if (task.state === 'running') {\n        task.abort(cause);",
        replace:
          "      (this.memo ??= new Map()).set(`${partition.key}/${task.offset}`, task.attempt);\n      if (task.state === 'running') {\n        task.abort(cause);",
      },
    ],
  },
  {
    name: 'lost partitions are kept',
    file: `${E}/group/member.ts`,
    find: "    this.#dropAll(gone, 'lost');\n",
    replace: '',
  },
  {
    name: 'what was lost during a join comes to life after it',
    file: `${E}/group/member.ts`,
    find: '      if (coming.has(partitionKey(start.topic, start.partition))) {',
    replace: '      if (coming) {',
  },
  {
    name: 'a partition that comes during a shutdown starts',
    file: `${E}/group/member.ts`,
    find: '    added.draining = this.#shuttingDown;\n',
    replace: '',
  },
  {
    name: 'attempts that were cut off count',
    file: `${E}/worker.ts`,
    find: "    task.attempt--;\n    task.state = 'queued';\n    task.assignment.lanes.makeReady(task.lane);",
    replace: "    task.state = 'queued';\n    task.assignment.lanes.makeReady(task.lane);",
  },
  {
    name: 'timers stay after the end',
    file: `${E}/worker.ts`,
    find: '      this.#attempts.clearTimer(task);\n      task.scope?.ended',
    replace: '      task.scope?.ended',
  },
  {
    name: 'the commit timer stays after the end',
    file: `${E}/offsets/committer.ts`,
    find: '    this.#closed = true;\n    this.#clearTimer();\n',
    replace: '    this.#closed = true;\n',
  },
  // ---------------------------------------------------------------- dead letters, retry topics
  {
    name: 'a dead letter counts before it is acknowledged',
    file: `${E}/delivery/forwarder.ts`,
    find: 'to: undefined });\n    return true;',
    replace: 'to: undefined });\n    this.parts.settler.settle(task, plan.disposition, plan.error);\n    return false;',
  },
  {
    name: 'a drain does not wait for a copy on its way',
    file: `${E}/group/partition-assignment.ts`,
    find: '    return this.running + this.forwarding;',
    replace: '    return this.running;',
  },
  {
    name: 'successes credit no dead letter',
    file: `${E}/delivery/settler.ts`,
    find: "if (disposition === 'done') this.budget?.success();",
    replace: '',
  },
  {
    name: 'the budget is never spent',
    file: `${E}/delivery/dead-letter-budget.ts`,
    find: 'if (this.#credit < 1) return false;',
    replace: '',
  },
  {
    name: 'time credits no dead letter',
    file: `${E}/delivery/dead-letter-budget.ts`,
    find: 'if (times <= 0) return;',
    replace: 'return;',
  },
  {
    name: 'a copy that failed is not sent again',
    file: `${E}/delivery/forwarder.ts`,
    find: 'else this.#try(errand);',
    replace: 'else if (errand.tries > 99) this.#try(errand);',
  },
  {
    name: 'a record of a retry topic is handled before it is due',
    file: `${E}/intake/intake.ts`,
    find: '    if (due <= now) return false;',
    replace: '    if (due <= now + 200) return false;',
  },
  {
    name: 'a retry topic is not asked again when its record is due',
    file: `${E}/intake/intake.ts`,
    find: '        if (partition.alive) this.settled(partition);',
    replace: '',
  },
  {
    name: 'every delay is the first one',
    file: `${E}/delivery/verdict.ts`,
    find: '  const delayMs = onFailure.delaysMs[tried.delaysUsed];',
    replace: '  const delayMs = onFailure.delaysMs[0];',
  },
  {
    name: 'what keeps its order leaves its place',
    file: `${E}/delivery/verdict.ts`,
    find: "onFailure.orderedBy === 'key' ? 'delay' : 'retry-topic'",
    replace: "onFailure.orderedBy === 'key' ? 'retry-topic' : 'retry-topic'",
  },
  // ---------------------------------------------------------------- freezes and parked records
  {
    name: 'a freeze outlives its time',
    file: `${E}/delivery/freezer.ts`,
    find: '      task.timer = clock.setTimer(() => this.#timeIsUp(task),',
    replace: '      clock.setTimer(() => undefined,',
  },
  {
    name: 'parked records are not read again',
    file: `${E}/delivery/freezer.ts`,
    find: '    partition.frozenAt = undefined;\n    recall(partition);',
    replace: '    partition.frozenAt = undefined;',
  },
  {
    name: 'records behind a frozen key keep their place in the buffer',
    file: `${E}/intake/parking.ts`,
    find: '  if (!isParkable(head.lane)) return;',
    replace: '  if (head) return;',
  },
  {
    name: 'a record starts without its bytes',
    file: `${E}/delivery/settler.ts`,
    find: "    else if (lane.head.state === 'parked') lane.state = 'parked';\n",
    replace: '',
  },
  {
    name: 'a join forgets what is being read again',
    file: `${E}/group/partition-assignment.ts`,
    find: "      if (task.lane.state !== 'frozen' && offset < from) from = offset;",
    replace: "      if (task.lane.state === 'idle' && offset < from) from = offset;",
  },
  // ---------------------------------------------------------------- guarantees
  {
    name: 'at-most-once: the handler starts before its commit is acknowledged',
    file: `${E}/worker.ts`,
    find: "() => task.state === 'claiming' && this.#run(task, this.clock.now()),\n        (error: CommitError) => {\n          if (task.state !== 'claiming') return;",
    replace:
      "() => task.state === 'claiming' && this.#run(task, this.clock.now()),\n        (error: CommitError) => {\n          if (task.state !== 'claiming') return;\n          if (error) return this.#run(task, this.clock.now());",
  },
  {
    name: 'at-most-once: who is cut off starts again',
    file: `${E}/worker.ts`,
    find: "else if (cutOff && this.options.delivery !== 'at-most-once') this.#putBack(task);",
    replace: 'else if (cutOff) this.#putBack(task);',
  },
  {
    name: "at-most-once: a claim that was never sent is confirmed by another one's commit",
    real: true,
    file: `${E}/offsets/committer.ts`,
    find: 'this.#confirming ??= this.#confirm();\n    const outcome = await this.#confirming;',
    replace: 'const outcome = await (this.#inFlight ?? (this.#confirming ??= this.#confirm()));',
  },
  {
    name: 'commits are sent though none are wanted',
    file: `${E}/group/partition-assignment.ts`,
    find: "return this.held === undefined && this.worker.options.commit.mode !== 'none';",
    replace: 'return this.held === undefined;',
  },
  {
    name: 'transactions: what a failed attempt has sent goes out with the next one',
    file: `${E}/delivery/task.ts`,
    find: '    this.outbox = undefined;\n    this.scope',
    replace: '    this.scope',
  },
  {
    name: 'transactions: what was committed is sent again',
    file: `${E}/offsets/transaction-commit.ts`,
    find: '    outbox.splice(0, rest.length);\n',
    replace: '',
  },
  {
    name: 'transactions: one in doubt is taken for one that failed',
    file: `${E}/offsets/transaction-commit.ts`,
    find: '  if (!same(stored, inDoubt.offset)) {\n',
    replace: '  if (stored) {\n    if (partition) return undefined;\n',
  },
  {
    name: 'transactions: a sign of life passes the next transaction',
    real: true,
    file: `${E}/offsets/committer.ts`,
    find: '    return this.#inFlight !== undefined || this.#signs.size > 0;',
    replace: '    return this.#inFlight !== undefined;',
  },
  {
    name: 'exactly once: begins where the group has committed',
    file: `${E}/group/start-positions.ts`,
    find: 'const offset = rules.stored?.offset ?? committed.offset;',
    replace: 'const offset = committed.offset;',
  },
  {
    name: 'exactly once: the store is not told where a partition begins',
    file: `${E}/group/resources.ts`,
    find: '    if (claim === undefined || claim.position !== undefined || held !== undefined) return prepared;',
    replace: '    if (claim === undefined || claim !== undefined || held !== undefined) return prepared;',
  },
  {
    name: 'exactly once: neighbours of the done-set are not joined',
    real: true,
    file: `${E}/group/start-positions.ts`,
    find: 'if (to > start) appendRange(restored, Math.max(from, start), to);',
    replace: 'if (to > start) restored.push({ from: Math.max(from, start), to });',
  },
  {
    name: 'exactly once: a skipped record is not marked',
    file: `${E}/delivery/forwarder.ts`,
    find: '    if (plan.copy === undefined && partition.claim === undefined) {',
    replace: '    if (plan.copy === undefined) {',
  },
];
