import { readFileSync } from 'node:fs';
import { protocol } from '../../schemas/index.js';
import type { Evidence } from '../../src/golden/evidence.js';
import { fixturesOf } from '../../src/golden/generate.js';

const path = new URL('../../captures/golden/recorded.json', import.meta.url);

/** The file of what was recorded, which fixtures are compared with. */
export const recordedText = readFileSync(path, 'utf8');
export const evidence = JSON.parse(recordedText) as Evidence;
/** The golden fixtures of all messages. Making them takes a second. */
export const fixtures = protocol.messages.flatMap((message) => fixturesOf(protocol, message, evidence));
