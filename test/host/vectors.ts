import { protocol } from '../../schemas/index.js';
import { parseHex } from '../../src/base/hex.js';
import { codecOf } from '../../src/codec/index.js';
import type { Calling, GenerationName, HazardListener } from '../../src/host/index.js';
import { MessageType, type Payload, payloadOf } from '../../src/schema/index.js';
import { recordedLines } from '../recorded.js';

/** Arguments of a recorded call. Numbers that JSON cannot hold exactly are bigint. */
export type Args = Readonly<Record<string, number | bigint | string>>;

export interface RequestLine {
  readonly client: GenerationName;
  readonly call: string;
  readonly args: Args;
  /** Null: it did not return. */
  readonly ret: number | null;
  readonly errno?: string;
  /** One of several messages of a call; `parts` 0: nothing was sent. */
  readonly part?: number;
  readonly parts?: number;
  readonly frames: readonly string[];
  readonly push?: readonly number[];
  /** Bytes of this value are the client's uninitialised memory. */
  readonly uninitialised?: string;
}

export interface ReplyLine {
  readonly client: GenerationName;
  readonly call: string;
  readonly args: Args;
  readonly name: string;
  /** A nested list came in one interrupt. */
  readonly incoming: readonly (string | readonly string[])[];
  readonly outcome: Readonly<Record<string, unknown>> & {
    readonly ret?: number;
    readonly errno?: string;
    readonly crash?: string;
    readonly never_returns?: boolean;
    readonly notifications?: readonly {
      readonly id: string;
      readonly size?: number;
      readonly payload_null?: number;
    }[];
    readonly requests_sent?: readonly string[];
  };
  readonly leaks_reply?: boolean;
  readonly depends_on_uninitialised_memory?: boolean;
}

/** A request as it was recorded: values that `args` does not spell out are taken from it. */
export interface SentRequest {
  readonly id: number;
  readonly payload: Uint8Array;
}

/** What a call function of a table is made from. */
export interface VectorCall {
  readonly client: GenerationName;
  readonly args: Args;
  readonly sent: readonly SentRequest[];
  readonly report: HazardListener;
  /** What an outcome may name besides, and also when the call fails. */
  readonly noted: Record<string, unknown>;
}

/** What a call returned: `ret`, and what else a recorded outcome may name. */
export type Returned = Readonly<Record<string, unknown>> & { readonly ret: number };

/** Recorded name of a call → how our client makes it. */
export type CallTable = Readonly<Record<string, (call: VectorCall) => Calling<Returned>>>;

/** Numbers above 2^53 as bigint: JSON.parse would round them. */
function exact<T>(name: string): T[] {
  const revive = (value: unknown): unknown => {
    if (typeof value === 'string' && /^\d+n$/.test(value)) return BigInt(value.slice(0, -1));
    return value;
  };
  const quote = (text: string) => text.replace(/([:,[])(\d{16,})(?=[,}\]])/g, '$1"$2n"');
  return recordedLines<T>(name, { quote, revive });
}

export const requestLines = exact<RequestLine>('linux-requests.ndjson');
export const replyLines = exact<ReplyLine>('linux-replies.ndjson');

/** The lines of one call together: those with the parts of one, else each alone. */
export function groupCalls(lines: readonly RequestLine[]): RequestLine[][] {
  const groups: RequestLine[][] = [];
  for (const line of lines) {
    if ((line.part ?? 0) > 0) groups.at(-1)?.push(line);
    else groups.push([line]);
  }
  return groups;
}

export const bytesOf = (hex: string): Uint8Array => parseHex(hex) as Uint8Array;

/** The request that these queue messages are the parts of, as far as they go. */
export function requestOf(frames: readonly string[]): SentRequest {
  const parts = frames.map(bytesOf);
  const [first] = parts as [Uint8Array];
  const payload = new Uint8Array(Buffer.concat(parts.map((frame) => frame.subarray(protocol.limits.header))));
  return { id: new DataView(first.buffer, first.byteOffset).getUint32(4, true), payload };
}

/** A request as `requests_sent` of an outcome has it: `0x56000004:80000000`; two dots stand for what was cut off. */
export function requestIn(text: string): SentRequest {
  const [id, hex = ''] = text.split(':');
  return { id: Number(id), payload: bytesOf(hex.replace(/\.\.$/, '')) };
}

/** Value of a recorded request, by its declaration. */
// biome-ignore lint/suspicious/noExplicitAny: whoever asks knows which message it is
export function requestValue({ id, payload }: SentRequest): any {
  const layout = payloadOf(protocol.byId.get(id), MessageType.request) as Payload;
  return codecOf(layout).decode(
    new DataView(payload.buffer, payload.byteOffset, payload.length),
    0,
    payload.length,
  );
}

/** A number that `args` gives, or what is usual. */
export function argument(args: Args, name: string, usual = 0): number {
  return Number(args[name] ?? usual);
}
