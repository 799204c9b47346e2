import { consoleRows } from './console.js';
import { fwRows } from './fw.js';
import { ipaRows } from './ipa.js';
import { irqRows } from './irq.js';
import { memRows } from './mem.js';
import type { HandlerRow } from './row.js';
import { configurationRows } from './vm/configuration.js';
import { identityRows } from './vm/identity.js';
import { lifecycleRows } from './vm/lifecycle.js';
import { resourceRows } from './vm/resources.js';
import { statusRows } from './vm/status.js';

/** What the public manager of December 2023 answers; every other request is answered with UNIMPLEMENTED. */
export const rm23Rows: readonly HandlerRow[] = [
  ...memRows,
  ...fwRows,
  ...lifecycleRows,
  ...configurationRows,
  ...identityRows,
  ...statusRows,
  ...resourceRows,
  ...irqRows,
  ...consoleRows,
  ...ipaRows,
];
