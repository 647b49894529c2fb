// The keeper: owns the processes and the data directory of one cluster, and takes both away when its parent is gone.
//
// usage: node keeper.mjs '{"directory":"…","atEnd":["command","arg"]}'
// stdin   one JSON command per line:  {"op":"start","id":"1","command":"java","args":[…],"output":"file"}
//                                     {"op":"signal","id":"1","signal":"SIGKILL"}
// stdout  one JSON event per line:    {"event":"started","id":"1","pid":123}
//                                     {"event":"exited","id":"1","code":0,"signal":null}
//
// The only thing a process cannot fail to do when it dies, even by SIGKILL, is to close its pipes. So the end of
// stdin is the one signal to stop: kill every child, run `atEnd`, delete `directory`, exit. Plain JavaScript, because
// it runs before anything is compiled.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const { directory, atEnd } = JSON.parse(process.argv[2]);
const children = new Map();

// A Ctrl-C or a polite kill meant for the parent must not take the keeper away before its work is done.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
// The parent no longer listens: its stdin end is about to say so.
process.stdout.on('error', () => {});

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

function start({ id, command, args, output }) {
  const file = openSync(output, 'a');
  const child = spawn(command, args, { stdio: ['ignore', file, file], cwd: directory });
  closeSync(file);
  children.set(id, child);
  child.once('spawn', () => tell({ event: 'started', id, pid: child.pid }));
  child.once('error', (error) => {
    children.delete(id);
    tell({ event: 'exited', id, code: null, signal: null, error: error.message });
  });
  child.once('exit', (code, signal) => {
    children.delete(id);
    tell({ event: 'exited', id, code, signal });
  });
}

function onCommand(line) {
  const command = JSON.parse(line);
  if (command.op === 'start') start(command);
  else if (command.op === 'signal') children.get(command.id)?.kill(command.signal);
}

async function end() {
  await Promise.all(
    [...children.values()].map(
      (child) =>
        new Promise((resolve) => {
          child.once('exit', resolve);
          child.once('error', resolve);
          child.kill('SIGKILL');
        }),
    ),
  );
  if (atEnd) spawnSync(atEnd[0], atEnd.slice(1), { stdio: 'ignore' });
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

createInterface({ input: process.stdin }).on('line', onCommand).on('close', end);
