/**
 * The Linux side: RM's client in each of its generations, without I/O as an endpoint, or with promises over any
 * transport. Call functions are generators, so that promises, the event loop of a world and tests run the same ones.
 */
export { call, exchange } from './calls/call.js';
export {
  type MainlineCalls,
  type MainlineOptions,
  mainlineCalls,
  type ParcelRequest,
  type PlatformHooks,
} from './calls/mainline/index.js';
export { plainCalls } from './calls/plain.js';
export { type CallOptions, type CallSignal, Client, type ClientOptions } from './client.js';
export type { CallEffect, Calling } from './effect.js';
export { Endpoint, type EndpointEvent, type Sent, type Transmit } from './endpoint.js';
export { type Errno, errnoNumbers } from './errno.js';
export { type EndedBy, HostError } from './error.js';
export { type Generation, type GenerationName, generations } from './generations.js';
export type { Hazard } from './hazard.js';
export { type HazardReport, hazards } from './hazards.js';
export { NotificationStream, ReceivedNotification } from './notification-stream.js';
export { type ExitInfo, type VmChange, vmChange } from './notifications/mainline.js';
export type { CallName, OutgoingCall } from './outgoing-call.js';
export { queueTransport, type Transport, type TransportHandlers } from './transport.js';
