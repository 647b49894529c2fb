import { atOnce, defineRecipe, drawTimeline } from '../../harness/index.js';
import { ThumbnailsModule } from './thumbnails.module.js';
import { ThumbnailsService } from './thumbnails.service.js';

const PICTURES = 40;
/** The first picture: everything behind it is finished while it is still being worked on. */
const SLOW_MS = 600;

export const parallel = defineRecipe({
  id: '04',
  title: 'Parallel without order',
  head: {
    order: 'none; what is done above an unfinished record is committed beside the offset and not repeated',
    failure: 'three attempts, the others go on meanwhile; then the partition stands still (here: it is passed over)',
    speed: 'as many records at once as the limit, whatever the keys and partitions',
    use: 'when records have nothing to do with each other: mails, thumbnails, calls of an API',
  },

  async play(stage) {
    const pictures = Array.from({ length: PICTURES }, (_, i) => ({
      value: { file: `${i}.jpg`, ms: i === 0 ? SLOW_MS : 5 + ((i * 13) % 25) },
    }));
    await stage.seed({ topic: 'pictures', partitions: 1, records: pictures });

    const { app, runtime, close } = await stage.boot(ThumbnailsModule);
    await stage.settled(PICTURES - 1);
    // The slow one still runs. Why does the offset not move?
    const held = runtime.inspect().groups[0]?.partitions[0];
    await stage.journal.until('a commit after that', ({ events }) => {
      const lastDone = events.findLastIndex((event) => event.type === 'end');
      return events.slice(lastDone).some((event) => event.type === 'engine' && event.event.type === 'commit.succeeded');
    });
    const meanwhile = await stage.progress('thumbnails', 'pictures');
    await stage.settled(PICTURES);
    await close();

    const runs = stage.journal.runs();
    return {
      runs,
      atOnce: atOnce(runs),
      finished: app.get(ThumbnailsService).made,
      /** While only the first picture was left. */
      held,
      meanwhile,
      progress: await stage.progress('thumbnails', 'pictures'),
    };
  },

  show({ runs, atOnce, finished, held, meanwhile, progress }) {
    const { heldBy } = held ?? {};
    return [
      ...drawTimeline(runs, { line: () => 'handlers' }),
      '',
      `at once: ${atOnce} · finished first: ${finished.slice(0, 5).join(', ')} … last: ${finished.at(-1)}`,
      `with only ${heldBy?.offset}.jpg left: frontier ${held?.frontier}, held by offset ${heldBy?.offset} (${heldBy?.state}); ` +
        `committed ${meanwhile.committed[0]} and beside it what is done above: ${meanwhile.metadata[0]}`,
      `at the end: committed ${progress.committed.join()} of ${progress.ends.join()} · lag ${progress.lag}`,
    ];
  },
});
