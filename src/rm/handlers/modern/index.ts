import type { HandlerRow } from '../row.js';
import { configurationRows } from './configuration.js';
import { givenBackRows } from './given-back.js';
import { heapRows } from './heap.js';
import { identityRows } from './identity.js';
import { minidumpRows } from './minidump.js';
import { pauseRows } from './pause.js';
import { resourceRows } from './resources.js';

/**
 * What today's clients send and the public manager of 2023 lacks. How a manager answers it is public only as far as
 * clients show it (vcpu-and-paging.md, section 5). Each row lists what is assumed.
 */
export const modernRows: readonly HandlerRow[] = [
  ...identityRows,
  ...configurationRows,
  ...pauseRows,
  ...resourceRows,
  ...givenBackRows,
  ...minidumpRows,
  ...heapRows,
];
