/**
 * The Linux side: RM's client in each of its generations, without I/O as an endpoint, or with promises over any
 * transport, and the VM manager on top of it. Call functions and the manager's operations are generators, so that
 * promises, the event loop of a world and tests run the same ones.
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
export {
  type AcceptRequest,
  type CoreNotification,
  type DumpRange,
  type HeapAnswer,
  type IpaRequest,
  lookupTypes,
  NO_SANITIZE,
  type NotifyRequest,
  type ParcelRequest as QcomParcelRequest,
  type QcomCalls,
  type QcomGeneration,
  type QcomOptions,
  qcomCalls,
  qcomHazards,
  type SecureVm,
  type SecureVmImage,
  type StopRequest,
} from './calls/qcom/index.js';
export { type CallOptions, type CallSignal, Client, type ClientOptions } from './client.js';
export type { CallEffect, Calling } from './effect.js';
export { Endpoint, type EndpointEvent, type Sent, type Transmit } from './endpoint.js';
export { type Errno, errnoNumbers } from './errno.js';
export { type EndedBy, HostError } from './error.js';
export { type Generation, type GenerationName, generations } from './generations.js';
export {
  finish,
  GuestMemoryFile,
  type GuestMemoryOptions,
  guestMemoryFlags,
  type Hold,
  type HoldKind,
  type Steps,
} from './guest-memory/index.js';
export type { Hazard, HazardListener } from './hazard.js';
export { hazards } from './hazards.js';
export { NotificationStream, ReceivedNotification } from './notification-stream.js';
export { type ExitInfo, type VmChange, vmChange } from './notifications/mainline.js';
export type { CallName, OutgoingCall } from './outgoing-call.js';
export { queueTransport, type Transport, type TransportHandlers } from './transport.js';
export * from './vm-manager/index.js';
