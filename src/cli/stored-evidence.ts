import { type Evidence, noEvidence, parseEvidence } from '../golden/evidence.js';
import { packageFile } from '../node/folder.js';

/** Where the recorded messages and what is known about the bytes of the others are kept. */
const evidenceFile = 'captures/golden/recorded.json';

/** What this package knows about the bytes of its fixtures. */
export function storedEvidence(): Evidence {
  const text = packageFile(evidenceFile);
  return text === undefined ? noEvidence : parseEvidence(JSON.parse(text));
}
