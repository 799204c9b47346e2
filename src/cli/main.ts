#!/usr/bin/env node
import { keepMemoryFlat } from '../node/memory.js';
import { processStdio } from '../node/stdio.js';
import { reportDefect, run } from './run.js';

keepMemoryFlat();
const words = process.argv.slice(2);
const stdio = processStdio();
// What a timer or a socket of `serve` throws reaches no caller. Unhandled rejections come here too.
process.on('uncaughtException', (error) => process.exit(reportDefect(words, stdio, error)));
process.exitCode = await run(words, stdio);
