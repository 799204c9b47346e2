import { protocol } from '../../schemas/index.js';
import { type Errno, errnoNumbers, type Hazard, type Sent } from '../../src/host/index.js';
import { fragment, headerReader } from '../../src/rpc/index.js';
import { MessageType } from '../../src/schema/index.js';
import { Driver } from './drive.js';
import {
  argument,
  bytesOf,
  type CallTable,
  type ReplyLine,
  type RequestLine,
  type Returned,
  requestIn,
  requestOf,
  type SentRequest,
  type VectorCall,
} from './vectors.js';

/** A recorded call played with our client. */
export interface Played {
  readonly driver: Driver<Returned>;
  /** Of the endpoint and of the call function. */
  readonly hazards: readonly Hazard[];
  readonly noted: Readonly<Record<string, unknown>>;
}

/** Payload that RM's stub puts behind the error word OK; `count` requests of this call came before. */
export type Stub = (request: SentRequest, count: number) => string;

const header = headerReader(protocol);

function callOf(table: CallTable, name: string): CallTable[string] {
  const call = table[name];
  if (call === undefined) throw new Error(`no call ${name}`);
  return call;
}

/** What came of sending, where the recording made it fail: the queue drivers of a14 and q515 say an errno. */
function sendResult({ client, args }: RequestLine, index: number): Sent {
  const sent = { error: 0, notFull: index + 1 !== args.send_not_ready };
  if (args.send_fail_at !== index) return sent;
  const error = argument(args, 'send_fail_err');
  if (!/^(v9|v11|a14|q61|q515)$/.test(client)) return { error, notFull: true };
  const errno = Object.entries(errnoNumbers).find(([, number]) => number === Math.abs(error))?.[0];
  return { errno: errno as Errno };
}

/** Plays the lines of one call against RM's stub. */
export function playRequests(lines: readonly RequestLine[], table: CallTable, stub: Stub): Played {
  const [line] = lines as [RequestLine];
  const { client, args } = line;
  const sent = lines.filter(({ frames }) => frames.length > 0).map(({ frames }) => requestOf(frames));
  const played = start(callOf(table, line.call), client, { client, args, sent }, (index) =>
    sendResult(line, index),
  );
  const { driver } = played;
  for (let count = 0; driver.settled === undefined; count++) {
    const done = requestsIn(driver);
    const request = done[count];
    if (request === undefined) break;
    const error = args.fail_nth === count ? argument(args, 'fail_err') : 0;
    const word = Buffer.alloc(4);
    word.writeUInt32LE(error >>> 0);
    const payload = Buffer.concat([word, error === 0 ? bytesOf(stub(request, count)) : new Uint8Array(0)]);
    driver.interrupt(
      fragment(protocol, { type: MessageType.reply, seq: request.seq, msg_id: request.id }, payload),
    );
  }
  return played;
}

/** Plays what came in while a call waited. */
export function playReply(line: ReplyLine, table: CallTable): Played {
  const { client, args, call, incoming, outcome } = line;
  const sent = (outcome.requests_sent ?? []).map(requestIn);
  const played = start(callOf(table, call), client, { client, args, sent });
  for (const interrupt of incoming)
    played.driver.interrupt([interrupt].flat().map((frame) => bytesOf(frame as string)));
  return played;
}

function start(
  call: CallTable[string],
  client: RequestLine['client'],
  context: Pick<VectorCall, 'client' | 'args' | 'sent'>,
  send?: (index: number) => Sent,
): Played {
  const reported: Hazard[] = [];
  const noted: Record<string, unknown> = {};
  const calling = call({ ...context, report: (hazard) => reported.push(hazard), noted });
  const driver = new Driver(client, calling, send, argument(context.args, 'seq'));
  return {
    driver,
    noted,
    get hazards() {
      const { settled } = driver;
      const own = settled !== undefined && 'error' in settled ? settled.error.hazard : undefined;
      return [...driver.hazards, ...reported, ...(own === undefined ? [] : [own])];
    },
  };
}

/** The requests that have been sent to their end. */
function requestsIn({ transmitted }: Driver<Returned>): (SentRequest & { readonly seq: number })[] {
  const frames = transmitted.map(({ frame }) => frame);
  const found: (SentRequest & { readonly seq: number })[] = [];
  for (let start = 0; start < frames.length; ) {
    const first = frames[start] as Uint8Array;
    const { seq, fragments } = header.read(new DataView(first.buffer, first.byteOffset), 0);
    const end = start + fragments + 1;
    if (end > frames.length) break;
    const hex = frames.slice(start, end).map((frame) => Buffer.from(frame).toString('hex'));
    found.push({ ...requestOf(hex), seq });
    start = end;
  }
  return found;
}
