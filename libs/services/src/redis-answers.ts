import { connect } from 'node:net';

/** Between two looks. Milliseconds. */
const POLL_MS = 20;

/** Waits until the Redis of this process id answers on 127.0.0.1 and has loaded its data. @throws Error after `timeoutMs`. */
export async function redisAnswers(port: number, pid: number, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const info = await askInfo(port);
    // The port may have been taken by another one meanwhile.
    if (info.includes(`process_id:${pid}\r\n`) && info.includes('loading:0\r\n')) return;
    if (Date.now() >= deadline) throw new Error(`Redis does not answer on port ${port} within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** What INFO says; empty where nobody answers. QUIT makes the server close, so that the answer is known to be whole. */
function askInfo(port: number): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ port, host: '127.0.0.1', timeout: 1_000 });
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.once('connect', () => socket.write('INFO\r\nQUIT\r\n'));
    socket.once('timeout', () => socket.destroy());
    socket.once('error', () => undefined);
    socket.once('close', () => resolve(answer));
  });
}
