import type { MemberSetup } from '../shop/common/member-setup.js';
import type { FromMember, ToMember } from './protocol.js';
import { runMember } from './run-member.js';

// A process of the group, forked by the supervisor. Ctrl-C reaches it too, but the supervisor says when to stop.
process.on('SIGINT', () => undefined);
// Without the supervisor there is nobody to keep the ledger, and in memory no cluster.
process.on('disconnect', () => process.exit(1));

const setup = JSON.parse(process.argv[2] ?? '{}') as MemberSetup;
const post = (message: FromMember): void => {
  if (process.connected) process.send?.(message);
};

try {
  await runMember(setup, {
    post,
    listen: (listener) => {
      process.on('message', (message) => listener(message as ToMember));
      // kill PID: one member goes in good order, as in a rolling update.
      process.on('SIGTERM', () => listener({ type: 'stop' }));
    },
  });
  process.exitCode = 0;
} catch (error) {
  post({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
} finally {
  process.removeAllListeners('disconnect');
  process.disconnect?.();
}
