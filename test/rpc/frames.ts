import { formatHex, parseHex } from '../../src/base/hex.js';
import { Reassembler, type ReassemblyRules, type ReassemblySink, writeFrame } from '../../src/rpc/index.js';
import { type Header, MessageType, messageTypeNames } from '../../src/schema/index.js';
import { toy } from '../toy.js';

export interface Spec {
  readonly seq?: number;
  readonly id?: number;
  /** Continuations announced. */
  readonly more?: number;
}

/** A queue message whose payload is given as hex; seq 1, id 0x17 and no continuations unless told. */
export function frameOf(type: keyof typeof MessageType, payload: string, spec: Spec = {}): Uint8Array {
  const { seq = 1, id = 0x17, more = 0 } = spec;
  const bytes = parseHex(payload) as Uint8Array;
  const header = { type: MessageType[type], fragments: more, seq, msg_id: id };
  return writeFrame(toy, header, bytes, 0, bytes.length);
}

export interface Event {
  readonly kind: keyof ReassemblySink;
  readonly type?: string;
  readonly seq?: number;
  readonly id?: number;
  readonly payload?: string;
  readonly code?: string;
}

/** A sink that writes everything down. */
export class Recorder implements ReassemblySink {
  readonly events: Event[] = [];

  message(header: Header, view: DataView, start: number, end: number): void {
    this.add('message', header, hexOf(view, start, end));
  }
  part(header: Header): void {
    this.add('part', header);
  }
  abandoned(header: Header, view: DataView, size: number): void {
    this.add('abandoned', header, hexOf(view, 0, size));
  }
  stray(header: Header): void {
    this.add('stray', header);
  }
  malformed({ code }: { code: string }): void {
    this.events.push({ kind: 'malformed', code });
  }

  private add(kind: keyof ReassemblySink, { type, seq, msg_id: id }: Header, payload?: string): void {
    const event = { kind, type: messageTypeNames[type] as string, seq, id };
    this.events.push(payload === undefined ? event : { ...event, payload });
  }
}

function hexOf(view: DataView, start: number, end: number): string {
  return formatHex(new Uint8Array(view.buffer, view.byteOffset + start, end - start));
}

/** `message reply 6162`, `malformed short`, `stray continuation`: what tables are written in. */
export function textOf({ kind, type, payload, code }: Event): string {
  return [kind, type ?? code, payload].filter((word) => word !== undefined && word !== '').join(' ');
}

/** What becomes of the frames. Every frame's memory is overwritten afterwards, so that nothing can be kept of it. */
export function receiveAll(
  frames: readonly Uint8Array[],
  rules: ReassemblyRules,
  expects: (seq: number, id: number) => boolean = () => true,
): Event[] {
  const recorder = new Recorder();
  const reassembler = new Reassembler(toy, recorder, rules, expects);
  for (const frame of frames) {
    const copy = frame.slice();
    reassembler.receive(new DataView(copy.buffer), 0, copy.length);
    copy.fill(0xa5);
  }
  reassembler.abandon();
  return recorder.events;
}
