export * from './configuration.js';
export * from './identity.js';
export * from './lifecycle.js';
export * from './notifications.js';
export * from './resources.js';
export * from './status.js';
