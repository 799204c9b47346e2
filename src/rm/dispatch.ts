import { consoleHandlers } from './handlers/console.js';
import { fwHandlers } from './handlers/fw.js';
import type { Handler } from './handlers/handler.js';
import { ipaHandlers } from './handlers/ipa.js';
import { irqHandlers } from './handlers/irq.js';
import { memHandlers } from './handlers/mem.js';
import { vmHandlers } from './handlers/vm/index.js';

/** Handlers by message id; every other request is answered with UNIMPLEMENTED. */
export const handlers: ReadonlyMap<number, Handler> = new Map([
  ...memHandlers,
  ...fwHandlers,
  ...vmHandlers,
  ...irqHandlers,
  ...consoleHandlers,
  ...ipaHandlers,
]);
