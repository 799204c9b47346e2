/** What drives a simulated manager from outside: recordings put to it again, and their VMs' side of the queues. */

export { type Comparison, type ReplayOptions, replay } from './replay.js';
export { Taker, type Taken } from './taker.js';
