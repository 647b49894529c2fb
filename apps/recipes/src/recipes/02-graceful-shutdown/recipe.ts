import { defineRecipe, drawTimeline, now, redelivered, table, type Run } from '../../harness/index.js';
import { probe, type ProbeAnswer } from './probe.js';
import { ReportsModule } from './reports.module.js';

const REPORTS = 7;
const LIMIT = 4;

export const gracefulShutdown = defineRecipe({
  id: '02',
  title: 'Graceful shutdown and readiness probe',
  head: {
    order: 'none here; what is said holds for every kind of order',
    failure: 'SIGTERM is none: what runs finishes and is committed, what has not begun is left for the next member',
    speed: 'ends as soon as the last running handler has, at the latest after graceMs + forceMs',
    use: 'always where something stops your process: Kubernetes, a deployment, Ctrl-C',
  },
  member: ReportsModule,

  async play(stage) {
    const { journal } = stage;
    await stage.seed({ topic: 'reports', partitions: 1, records: [] });
    const first = await stage.start('first', { http: true });
    const answers: ProbeAnswer[] = [];
    let becameReady = (): void => undefined;
    const ready = new Promise<void>((resolve) => (becameReady = resolve));
    const probing = probe(await first.url(), (answer) => {
      if (answer.ready !== answers.at(-1)?.ready) {
        const causes = answer.causes.length > 0 ? ` (${answer.causes.join(', ')})` : '';
        const said = answer.ready === 0 ? 'does not answer any more' : `${answer.ready}${causes}`;
        stage.say(`${stage.since(answer.at)} ms  /health/ready ${said}, ${journal.running('first')} handlers running`);
      }
      if (answer.ready === 200) becameReady();
      answers.push(answer);
    });
    await ready;
    const reports = Array.from({ length: REPORTS }, (_, i) => ({ value: { customer: `customer-${i}` } }));
    await stage.send('reports', reports);
    await journal.until('handlers at the limit', () => journal.running('first') === LIMIT);

    const signalledAt = now();
    stage.say(`${stage.since(signalledAt)} ms  SIGTERM`);
    first.terminate();
    const exit = await first.exited;
    const exitedAt = now();
    stage.say(`${stage.since(exitedAt)} ms  the process has ended: ${exit}`);
    await probing;
    const runs = journal.runs();
    const left = await stage.progress('reporting', 'reports');
    const { members } = await stage.group('reporting');

    // The next member of the deployment goes on where this one stopped.
    const second = await stage.boot(ReportsModule, 'second');
    await stage.settled(REPORTS);
    await second.close();

    const all = journal.runs();
    const lastEnd = Math.max(...runs.map(({ endedAt }) => endedAt ?? Infinity));
    const notReady = answers.find(({ at, ready }) => at > signalledAt && ready === 503);
    return {
      runs: all,
      exit,
      membersLeft: members.length,
      before: answers.findLast(({ at }) => at < signalledAt)?.ready,
      /** Whether the probe said no while handlers still ran. */
      flippedFirst: notReady !== undefined && notReady.at < lastEnd,
      whyNotReady: notReady?.body ?? '',
      /** Whether anybody would have restarted the process. */
      wasLiveThroughout: answers.every(({ ready, live }) => ready === 0 || live === 200),
      /** Once it has started it has, whatever comes. */
      startedForGood: answers
        .slice(answers.findIndex(({ startup }) => startup === 200))
        .every(({ ready, startup }) => ready === 0 || startup === 200),
      begun: runs.length,
      finished: runs.filter(({ outcome }) => outcome === 'done').length,
      begunAfterSignal: runs.filter(({ startedAt }) => startedAt > (notReady?.at ?? Infinity)).length,
      left,
      redelivered: redelivered(all),
      progress: await stage.progress('reporting', 'reports'),
      ms: {
        signalToNotReady: Math.round((notReady?.at ?? NaN) - signalledAt),
        signalToLastHandler: Math.round(lastEnd - signalledAt),
        signalToExit: Math.round(exitedAt - signalledAt),
      },
    };
  },

  show({ runs, ms, exit, begun, finished, left, redelivered, progress }) {
    return [
      '',
      ...drawTimeline(runs, { line: (run: Run) => run.member }),
      '',
      ...table([
        ['after SIGTERM', 'ms'],
        ['readiness says no', ms.signalToNotReady],
        ['the last handler has finished', ms.signalToLastHandler],
        ['the process has ended', ms.signalToExit],
      ]),
      '',
      `exit code ${exit} · begun ${begun}, finished ${finished}, committed ${left.committed[0]} of ${left.ends[0]}`,
      `the next member: ${redelivered.length} repeated · committed ${progress.committed[0]} · lag ${progress.lag}`,
    ];
  },
});
