// npm run recipe: lists the recipes, plays one, or runs a tool.
import 'reflect-metadata';
import { run } from './cli/run.js';

process.exitCode = await run(process.argv.slice(2), {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
});
