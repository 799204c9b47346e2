#!/usr/bin/env node
import { keepCompiledCode } from '../node/compile-cache.js';
import { compilersRest } from '../node/compiler.js';
import { tuneEngine } from '../node/engine.js';
import { processStdio } from '../node/stdio.js';
import { isThread, serveThread } from '../node/threads.js';

// The flags are those of the process: a thread does not know its command.
if (!isThread) tuneEngine(process.argv[2]);
keepCompiledCode();
// Loaded from here on, so that the compiled code of all of it is kept.
if (isThread) {
  const { workOf } = await import('./work.js');
  await serveThread(workOf);
} else {
  const { reportDefect, run } = await import('./run.js');
  const words = process.argv.slice(2);
  const stdio = processStdio();
  // What a timer or a socket of `serve` throws reaches no caller. Unhandled rejections come here too.
  process.on('uncaughtException', (error) => process.exit(reportDefect(words, stdio, error)));
  process.exitCode = await run(words, stdio);
  await compilersRest();
}
