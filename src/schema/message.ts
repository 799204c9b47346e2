import type { StructType, VariantType } from '../wire/index.js';
import type { InferInput } from './infer.js';

/** A struct, or a choice of structs that the request decides (reply of VM_QUERY_HEAP_MEMORY). */
// biome-ignore lint/suspicious/noExplicitAny: any is what makes every struct assignable whatever its values
export type Payload = StructType<any, any> | VariantType<any, any>;

/** RM's rules for a request or a notification beyond its layout (rm-behaviour.md). */
export interface RmRules {
  readonly length?: {
    readonly exact?: number;
    readonly min?: number;
    /** RM's answer to bytes that it does not read: an error name, or `ignored`. */
    readonly excess?: string;
    /** RM's answer to an empty payload: an error name, or PANIC if RM dies. */
    readonly emptyPayload?: string;
  };
  /** `empty`: a payload that ends where a list would start counts as one with an empty list. */
  readonly missingList?: 'empty';
  /** Who may send it. */
  readonly sender?: string;
  /** Who receives it. */
  readonly to?: string;
}

/** Condition on the request under which a reply that may be empty is not. */
export interface PresentWhen {
  readonly field: string;
  readonly equals?: number | string;
  readonly is?: 'empty';
}

interface MessageCommon {
  /** 32-bit message id. */
  readonly id: number;
  readonly doc: string;
  readonly aliases?: readonly string[];
  /** Sources that define it, and those of them that define only the number (labels of the protocol). */
  readonly sources: readonly string[];
  readonly idOnlyIn?: readonly string[];
  /** Present exactly if RM23 handles the call or sends the notification. */
  readonly rm23?: RmRules;
  /** Notifications that it may cause. */
  readonly triggers?: readonly string[];
  readonly dialects?: readonly { readonly sources: readonly string[]; readonly text: string }[];
  readonly notes?: readonly string[];
}

export interface CallDeclaration<Q extends Payload, P extends Payload, E extends Payload>
  extends MessageCommon {
  readonly request: Q;
  readonly reply: P;
  readonly presentWhen?: PresentWhen;
  readonly replyNote?: string;
  /** Layout of error replies behind the error word, if they have anything there. */
  readonly errorReply?: E;
  readonly example: {
    readonly request: InferInput<Q>;
    readonly reply: InferInput<P>;
    readonly errorReply?: InferInput<E>;
  };
}

export interface NotificationDeclaration<N extends Payload> extends MessageCommon {
  readonly payload: N;
  readonly example: { readonly payload: InferInput<N> };
}

interface DeclaredMessage {
  readonly name: string;
  /** RM23 handles the call or sends the notification: it is declared with rules of RM23. */
  readonly implementedByRm23: boolean;
}

/** A call: request and reply. */
export interface Call<Q extends Payload = Payload, P extends Payload = Payload, E extends Payload = Payload>
  extends Omit<CallDeclaration<Q, P, E>, 'example'>,
    DeclaredMessage {
  readonly kind: 'call';
  readonly layout: 'known';
  readonly example: { readonly request: unknown; readonly reply: unknown; readonly errorReply?: unknown };
}

/** A notification, sent by RM only. */
export interface Notification<N extends Payload = Payload>
  extends Omit<NotificationDeclaration<N>, 'example'>,
    DeclaredMessage {
  readonly kind: 'notification';
  readonly layout: 'known';
  readonly example: { readonly payload: unknown };
}

/** A call of which only the number is public. */
export interface UnknownCall extends MessageCommon, DeclaredMessage {
  readonly kind: 'call';
  readonly layout: 'unknown';
}

export type Message = Call | Notification | UnknownCall;

export function call<Q extends Payload, P extends Payload, E extends Payload = never>(
  name: string,
  declaration: CallDeclaration<Q, P, E>,
): Call<Q, P, E> {
  return { kind: 'call', layout: 'known', ...declared(name, declaration), ...declaration };
}

export function notification<N extends Payload>(
  name: string,
  declaration: NotificationDeclaration<N>,
): Notification<N> {
  return { kind: 'notification', layout: 'known', ...declared(name, declaration), ...declaration };
}

export function unknownCall(name: string, declaration: MessageCommon): UnknownCall {
  return { kind: 'call', layout: 'unknown', ...declared(name, declaration), ...declaration };
}

function declared(name: string, { rm23 }: MessageCommon): DeclaredMessage {
  return { name, implementedByRm23: rm23 !== undefined };
}

/** Messages that belong together, in id order: one file of `schemas/`. */
export interface Family {
  readonly name: string;
  readonly title: string;
  readonly doc: string;
  readonly messages: readonly Message[];
}
