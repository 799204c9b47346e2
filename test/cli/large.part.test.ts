import { describe, expect, it } from 'vitest';
import { protocol, VM_GET_HYP_RESOURCES, VM_START } from '../../schemas/index.js';
import { writeFrame } from '../../src/rpc/index.js';
import { PcapngBuilder, upperPdu } from '../capture/build.js';
import { budget } from '../part.js';
import { gunyahRm } from './run.js';

/** A capture of one queue message, far larger than any queue carries. */
function capture(type: number, id: number, payload: Uint8Array): Uint8Array {
  const message = writeFrame(
    protocol,
    { type, fragments: 0, seq: 1, msg_id: id },
    payload,
    0,
    payload.length,
  );
  return new PcapngBuilder()
    .interface(252)
    .simple(upperPdu(3, 255, message))
    .done();
}

const MEBIBYTE = 1 << 20;

describe('a queue message far above 240 bytes', () => {
  const payload = new Uint8Array(budget(2) * MEBIBYTE).fill(0x41);
  const request = capture(1, VM_START.id, payload);

  it('is printed with its bytes', async () => {
    const { code, stdout } = await gunyahRm(['decode', '--hex', '-'], { input: request });
    expect(code).toBe(1);
    expect(stdout).toContain(`${(payload.length - 16).toString(16)}  41 41`);
    expect(stdout.split('\n').filter((line) => line.includes('41 41 41'))).toHaveLength(payload.length / 16);
    const frames = await gunyahRm(['decode', '--frames', '--hex', '-'], { input: request });
    expect(frames.stdout.split('\n').length).toBeGreaterThan(payload.length / 16);
  });

  it.each([
    ['request', 1, VM_START.id, budget(2)],
    ['reply', 2, VM_GET_HYP_RESOURCES.id, budget(8)],
    ['unknown message', 1, 0x5600ffff, budget(2)],
  ])('comes back from NDJSON: a %s', async (_, type, id, mebibytes) => {
    const input = capture(type, id, new Uint8Array(mebibytes * MEBIBYTE));
    const json = await gunyahRm(['decode', '--json', '-'], { input });
    expect(json.code).toBe(1);
    expect(json.stdout.trimEnd().split('\n')).toHaveLength(1);
    const hex = await gunyahRm(['decode', '--to', 'hex', '-'], { input });
    const encoded = await gunyahRm(['encode', '-'], { input: json.stdout });
    expect(encoded.stderr).toBe('');
    expect(encoded.bytes.equals(hex.bytes)).toBe(true);
    const text = await gunyahRm(['decode', '-'], { input });
    expect(text.stdout.length).toBeLessThan(2000);
  });
});
