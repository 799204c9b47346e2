/**
 * The Linux side: calls resource managers and creates VMs as the Linux drivers do. {@link Client} is RM's client with
 * promises over any transport, {@link Endpoint} the same without I/O, and {@link VmManager} the VM manager on top. Call
 * functions and the manager's operations are generators, so promises, event loops and tests can run them.
 */

export { call, exchange } from './calls/call.js';
export * from './calls/mainline/index.js';
export { plainCalls } from './calls/plain.js';
export * from './calls/qcom/index.js';
export { type CallOptions, type CallSignal, Client, type ClientOptions } from './client.js';
export type { CallEffect, Calling } from './effect.js';
export { Endpoint, type EndpointEvent, type Sent, type Transmit } from './endpoint.js';
export { type Errno, errnoNumbers } from './errno.js';
export { type EndedBy, HostError } from './error.js';
export { Follower } from './follower.js';
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
export { type Hazard, type HazardListener, hazardRule } from './hazard.js';
export { hazards } from './hazards.js';
export { hypercallError } from './hyp-error.js';
export { NotificationStream, ReceivedNotification } from './notification-stream.js';
export type { CallName, OutgoingCall } from './outgoing-call.js';
export type { Cause, FollowerSink, SeenCall, SeenFrame, SeenMessage } from './seen.js';
export { queueTransport, type Transport, type TransportHandlers } from './transport.js';
export * from './vm-manager/index.js';
export { type ExitInfo, type VmChange, vmChange } from './vm-manager/notifications.js';
