/**
 * The transport under the RPC: one-way message queues with the hypervisor's rules, usable alone. Framing is
 * src/rpc's; who owns which end is the hypervisor model's.
 */
export * from './message-queue.js';
