/** Header and reassembly until src/rpc lands. */
export const MsgType = { CONTINUATION: 0, REQUEST: 1, REPLY: 2, NOTIFICATION: 3 } as const;
export const HEADER_SIZE = 8;
export const CONTENT_MAX = 232;
export const PAYLOAD_MAX = 14616;

export function writeFrame(
  type: number,
  fragments: number,
  seq: number,
  id: number,
  payload: Uint8Array,
  start: number,
  end: number,
): Uint8Array {
  const frame = new Uint8Array(HEADER_SIZE + end - start);
  frame[0] = 0x21;
  frame[1] = (fragments << 2) | type;
  frame[2] = seq & 0xff;
  frame[3] = seq >>> 8;
  frame[4] = id & 0xff;
  frame[5] = (id >>> 8) & 0xff;
  frame[6] = (id >>> 16) & 0xff;
  frame[7] = id >>> 24;
  frame.set(start === 0 && end === payload.byteLength ? payload : payload.subarray(start, end), HEADER_SIZE);
  return frame;
}

export interface Incoming {
  type: number;
  id: number;
  seq: number;
  payload: Uint8Array;
}

export class Reassembler {
  #partial: { type: number; id: number; seq: number; fragments: number; left: number; parts: Uint8Array[] } | undefined;

  receive(frame: Uint8Array): Incoming | undefined {
    if (frame.byteLength < HEADER_SIZE || frame[0] !== 0x21) return undefined;
    const b = frame as unknown as number[];
    const type = (b[1] as number) & 3;
    const fragments = (b[1] as number) >>> 2;
    if (fragments > 62) return undefined;
    const seq = (b[2] as number) | ((b[3] as number) << 8);
    const id = ((b[4] as number) | ((b[5] as number) << 8) | ((b[6] as number) << 16) | ((b[7] as number) << 24)) >>> 0;
    const content = frame.subarray(HEADER_SIZE);
    if (type !== MsgType.CONTINUATION) {
      this.#partial = undefined;
      if (fragments === 0) return { type, id, seq, payload: content };
      this.#partial = { type, id, seq, fragments, left: fragments, parts: [content] };
      return undefined;
    }
    const p = this.#partial;
    if (p === undefined || p.id !== id || p.seq !== seq || p.fragments !== fragments) return undefined;
    p.parts.push(content);
    p.left--;
    if (p.left > 0) return undefined;
    this.#partial = undefined;
    const payload = new Uint8Array(p.parts.reduce((sum, part) => sum + part.byteLength, 0));
    let at = 0;
    for (const part of p.parts) {
      payload.set(part, at);
      at += part.byteLength;
    }
    return { type: p.type, id, seq, payload };
  }
}
