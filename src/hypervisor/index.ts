/**
 * What lies under the resource manager, as far as its answers depend on it: what each page of memory is to whom, where
 * VMs see it and what it holds, address ranges, interrupt numbers. The manager sees the interface {@link Hypervisor}
 * only; the model is its implementation for simulations.
 */
export * from './access.js';
export * from './address-ranges.js';
export * from './address-space.js';
export * from './hypervisor.js';
export * from './interrupts.js';
export { type Interval, IntervalMap } from './interval-map.js';
export * from './model.js';
export * from './owner.js';
export * from './page-contents.js';
export * from './page-record.js';
export * from './page-records.js';
export * from './physical-memory.js';
export * from './refusal.js';
export * from './transition.js';
