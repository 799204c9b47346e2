import type { ResourceManager } from '../manager.js';
import type { Vm } from '../vm.js';
import type { Payload, Reply } from '../wire.js';

/** Answers one request: changes the manager's state, sends notifications, returns the reply. */
export type Handler = (rm: ResourceManager, sender: Vm, payload: Payload) => Reply;

/** A family's handlers by message id. */
export type Handlers = readonly (readonly [id: number, handler: Handler])[];
