export * from './calls.js';
export * from './notifications.js';
