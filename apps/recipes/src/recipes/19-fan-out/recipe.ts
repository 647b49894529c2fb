import { defineRecipe, drawTimeline, outOfOrder, table, type Run } from '../../harness/index.js';
import { BillingService } from './billing.service.js';
import { SearchService } from './search.service.js';
import { ShopModule } from './shop.module.js';

const PURCHASES = 24;
const CUSTOMERS = 4;

export const fanOut = defineRecipe({
  id: '19',
  title: 'Fan-out: two groups on one topic in one app',
  head: {
    order: 'each group has its own: billing by key, search in any order',
    failure: 'each group has its own: what stops billing does not stop search',
    speed: 'each group at its own pace, with its own offsets; the slow one holds nobody up',
    use: 'when one event has several consequences that fail, scale and are repeated on their own',
  },

  async play(stage) {
    const purchases = Array.from({ length: PURCHASES }, (_, i) => ({
      key: `customer-${i % CUSTOMERS}`,
      value: { item: `item-${i}`, cents: 100 },
    }));
    await stage.seed({ topic: 'purchases', partitions: 2, records: purchases });

    const { app, runtime, close } = await stage.boot(ShopModule);
    const groups = runtime.workers.map(({ id, groupId }) => ({ worker: id, groupId }));
    await stage.settled(2 * PURCHASES);
    await close();

    const runs = stage.journal.runs();
    const ofGroup = async (groupId: string) => {
      const own = runs.filter((run) => run.groupId === groupId);
      const endedAt = Math.max(...own.map(({ endedAt }) => endedAt ?? Infinity));
      return {
        groupId,
        records: own.length,
        ms: Math.round(endedAt - Math.min(...own.map(({ startedAt }) => startedAt))),
        progress: await stage.progress(groupId, 'purchases'),
      };
    };
    return {
      runs,
      workers: groups,
      billing: await ofGroup('billing'),
      search: await ofGroup('search'),
      outOfOrder: outOfOrder(
        runs.filter(({ groupId }) => groupId === 'billing'),
        ({ key }) => key ?? '',
      ),
      balances: Object.fromEntries(app.get(BillingService).balances),
      indexed: app.get(SearchService).indexed.size,
    };
  },

  show({ runs, billing, search }) {
    const row = ({ groupId, records, ms, progress }: typeof billing): (string | number)[] => [
      groupId,
      records,
      ms,
      progress.committed.join(', '),
      progress.lag,
    ];
    return [
      ...drawTimeline(runs, { line: (run: Run) => run.groupId }),
      '',
      ...table([['group', 'records', 'took ms', 'committed', 'lag'], row(billing), row(search)]),
    ];
  },
});
