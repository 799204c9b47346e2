import { describe, expect, it } from 'vitest';
import { error, VM_SET_TIME_BASE } from '../../schemas/index.js';
import { ReplyCheck } from '../../src/fuzz/oracle/reply-check.js';
import type { Response, Step } from '../../src/target/index.js';

const HLOS = 3;

function frame(type: number, ...words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 + 4 * words.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x21);
  view.setUint8(1, type);
  view.setUint16(2, 1, true);
  view.setUint32(4, VM_SET_TIME_BASE.id, true);
  for (const [index, word] of words.entries()) view.setUint32(8 + 4 * index, word, true);
  return bytes;
}

const request: Step = { kind: 'frame', from: HLOS, frame: frame(1, 128, 0, 0) };
const checked = (...words: readonly number[]) => {
  const response: Response = {
    out: [{ to: HLOS, frame: frame(2, ...words) }],
    refused: false,
    ended: undefined,
  };
  return new ReplyCheck().check(request, response)?.key;
};

describe('a reply to a message whose error replies hold more than the error', () => {
  it('holds the error alone where the manager does not handle the message', () => {
    expect(checked(error.values.UNIMPLEMENTED)).toBeUndefined();
  });

  it('holds the rest, too, for every other error', () => {
    expect(checked(error.values.DENIED, 1)).toBeUndefined();
    expect(checked(error.values.DENIED)).toBe('VM_SET_TIME_BASE does not decode: truncated at hyp_error');
  });
});
