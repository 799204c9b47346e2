/**
 * What lies under the resource manager, as far as its answers depend on it: who owns which memory and what it
 * holds, address ranges, interrupt numbers. The manager sees the interface {@link Hypervisor} only; the model is
 * its implementation for simulations.
 */
export * from './address-ranges.js';
export * from './hypervisor.js';
export * from './interrupts.js';
export { type Interval, IntervalMap } from './interval-map.js';
export * from './model.js';
export * from './page-contents.js';
