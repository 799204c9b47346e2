#!/usr/bin/env node
import { keepMemoryFlat } from '../node/memory.js';
import { processStdio } from '../node/stdio.js';
import { run } from './run.js';

keepMemoryFlat();
process.exitCode = await run(process.argv.slice(2), processStdio());
