import { type Evidence, noEvidence } from '../golden/evidence.js';
import { packageFile } from '../node/folder.js';

/** The recorded messages, and the evidence for the bytes of the other fixtures. */
const evidenceFile = 'captures/golden/recorded.json';

/** The evidence that this package contains about the bytes of its fixtures. */
export function storedEvidence(): Evidence {
  const text = packageFile(evidenceFile);
  return text === undefined ? noEvidence : (JSON.parse(text) as Evidence);
}
