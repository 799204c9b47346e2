/** Writes captures/golden/recorded.json anew from test/recorded: `npx tsx test/golden/collect.ts`. */
import { writeFileSync } from 'node:fs';
import { evidenceText, gatherEvidence, sightings } from './gather.js';

writeFileSync(
  new URL('../../captures/golden/recorded.json', import.meta.url),
  evidenceText(gatherEvidence(sightings())),
);
