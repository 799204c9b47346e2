import type { Handlers } from '../handler.js';
import { configurationHandlers } from './configuration.js';
import { identityHandlers } from './identity.js';
import { lifecycleHandlers } from './lifecycle.js';
import { resourceHandlers } from './resources.js';
import { statusHandlers } from './status.js';

/** All handlers of the virtual machine family. */
export const vmHandlers: Handlers = [
  ...lifecycleHandlers,
  ...configurationHandlers,
  ...identityHandlers,
  ...statusHandlers,
  ...resourceHandlers,
];
