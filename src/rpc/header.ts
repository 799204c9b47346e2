import type { Issue } from '../base/error.js';
import { compileDecode } from '../codec/compile-decode.js';
import type { Header, Protocol } from '../schema/index.js';

export interface HeaderReader {
  /** Size of the header in bytes. */
  readonly size: number;
  /** The header at `start`. All of its bytes must be there. */
  read(view: DataView, start: number): Header;
  /**
   * Why the queue message [start, end) is malformed (rpc.md, "What a receiver does"); undefined if it is not. Codes
   * `short`, `api` and `fragments`. Offsets count from the start of the queue message.
   */
  fault(view: DataView, start: number, end: number): Issue | undefined;
}

const made = new WeakMap<Protocol, HeaderReader>();

/** Reads headers as the protocol declares them. */
export function headerReader(protocol: Protocol): HeaderReader {
  let reader = made.get(protocol);
  if (reader === undefined) {
    reader = makeReader(protocol);
    made.set(protocol, reader);
  }
  return reader;
}

function makeReader(protocol: Protocol): HeaderReader {
  const decode = compileDecode(protocol.header);
  const size = protocol.limits.header;
  // The first byte holds version and header length. Each has one valid value.
  const api = 1 | ((size / 4) << 4);
  const limit = protocol.limits.max_continuations;
  const issue = (code: string, offset: number, expected: number | string, actual: number): Issue => ({
    code,
    path: '',
    offset,
    expected,
    actual,
  });
  return {
    size,
    // All bytes are valid as a header.
    read: (view, start) => decode(view, start, start + size, undefined) as unknown as Header,
    fault(view, start, end) {
      if (end - start < size) return issue('short', 0, size, end - start);
      const first = view.getUint8(start);
      if (first !== api) return issue('api', 0, api, first);
      const fragments = view.getUint8(start + 1) >>> 2;
      return fragments > limit ? issue('fragments', 1, `0..${limit}`, fragments) : undefined;
    },
  };
}
