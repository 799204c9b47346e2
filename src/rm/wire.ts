/** Payload bytes of a message that arrived. */
export interface Payload {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly size: number;
}

export function payloadOf(bytes: Uint8Array): Payload {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), size: bytes.byteLength };
}

/** Payload bytes of a reply: the error word and what follows it. */
export type Reply = Uint8Array;

const standard = new Map<number, Reply>();

/** A reply that is the error word alone. The array is shared: never write to it. */
export function errorReply(error: number): Reply {
  let reply = standard.get(error);
  if (reply === undefined) {
    reply = new Uint8Array(4);
    new DataView(reply.buffer).setUint32(0, error, true);
    standard.set(error, reply);
  }
  return reply;
}
