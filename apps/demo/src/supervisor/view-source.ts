import type { Ledger } from '../ledger/ledger.js';
import type { DemoOptions } from '../args/options.js';
import { TOPICS } from '../shop/common/topics.js';
import type { ViewState } from '../view/view-state.js';
import type { DemoCluster } from './cluster/demo-cluster.js';
import type { ClusterWatch } from './cluster-watch.js';
import { composeMember, composeWorker, type MemberSource } from './compose.js';
import type { Member } from './members/member.js';
import { Throughput } from './throughput.js';

const CHAIN: readonly string[] = Object.values(TOPICS);

/** What the view is made of. */
export interface ViewParts {
  readonly options: DemoOptions;
  readonly cluster: DemoCluster;
  readonly ledger: Ledger;
  readonly watch: ClusterWatch;
  readonly members: readonly Member[];
}

/** Puts together what a frame shows, from the ledger, the cluster and the members. */
export class ViewSource {
  readonly #startedAt = Date.now();
  readonly #throughput: Throughput;
  draining = false;

  constructor(private readonly parts: ViewParts) {
    this.#throughput = new Throughput(parts.ledger, CHAIN, this.#startedAt);
  }

  state(): ViewState {
    const { options, cluster, ledger, watch } = this.parts;
    const now = Date.now();
    this.#throughput.sample(now);
    const sources = this.parts.members.map(toSource);
    const members = sources.map((member) => composeMember(member, now));
    const workers = CHAIN.map((topic) =>
      composeWorker(
        {
          topic,
          name: topic.slice(cluster.prefix.length),
          ends: watch.ends(topic),
          rate: this.#throughput.of(topic, now),
        },
        sources,
      ),
    );
    const rebalance = this.#lastRebalance(now);
    return {
      phase: this.draining ? 'draining' : members.some(({ partitions }) => partitions > 0) ? 'running' : 'starting',
      cluster: cluster.title,
      group: cluster.groupId,
      elapsedMs: now - this.#startedAt,
      members,
      workers,
      rate: this.#throughput.total(now),
      history: this.#throughput.history(now),
      // The cluster was asked a moment ago, the ledger knows of now.
      produced: Math.max(watch.produced, ledger.distinct),
      finished: ledger.finished,
      lag: workers.reduce((sum, worker) => sum + worker.lag, 0),
      failedAttempts: ledger.failedAttempts,
      again: ledger.again,
      violations: ledger.violations,
      lost: CHAIN.reduce((sum, topic) => sum + (ledger.totals(topic, watch.ends(topic))?.lost ?? 0), 0),
      ...(options.records === undefined
        ? {}
        : { progress: { done: Math.min(...CHAIN.map((topic) => ledger.through(topic))), of: options.records } }),
      ...(rebalance === undefined ? {} : { rebalance }),
    };
  }

  #lastRebalance(now: number): ViewState['rebalance'] {
    const notes = this.parts.members.flatMap(({ number, rebalance }) => (rebalance ? [{ number, ...rebalance }] : []));
    const last = notes.sort((a, b) => b.at - a.at)[0];
    if (last === undefined) return undefined;
    const { at, number, generation, durationMs, assigned, revoked, kept } = last;
    return { agoMs: now - at, member: number, generation, durationMs, assigned, revoked, kept };
  }
}

function toSource({ number, process, snapshot, http, end, endedAt }: Member): MemberSource {
  return { number, pid: process?.pid ?? 0, snapshot, http, end, endedAt };
}
