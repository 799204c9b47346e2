/** All rows yield the same values and bytes, and the reference is as strict as the codec. */
import assert from 'node:assert/strict';
import { codecOf } from '../../src/codec/index.js';
import type { AnyType } from '../../src/wire/index.js';
import { types, type Workload, workloads } from './cases.js';
import { handWritten, type Implementation, implementations } from './implementations.js';

const OUT_SIZE = 16 * 1024;
/** Truncations and changed bytes are tried on messages up to this size; larger ones differ in repetition only. */
const SMALL = 300;

/** Every row gives the workload's values for its bytes, and its bytes for its values. Throws AssertionError. */
export function checkEqual(): void {
  for (const work of workloads) {
    for (const implementation of implementations) checkSame(work, implementation);
  }
}

/**
 * The reference and the codec refuse the same bytes and values. Throws AssertionError. To be run after the timing:
 * the engine compiles for the types it has seen, and bad values would have both measured as if they were usual.
 */
export function checkStrict(): void {
  for (const work of workloads) {
    for (const { kind, bytes } of samples(work)) checkStrictDecode(kind, bytes);
  }
  const [mix] = workloads as [Workload];
  for (const [index, kind] of mix.kinds.entries()) {
    if (index < 100) checkStrictEncode(kind, mix.values[index] as Record<string, unknown>);
  }
}

function checkSame(work: Workload, implementation: Implementation): void {
  const out = new DataView(new ArrayBuffer(OUT_SIZE));
  for (const [index, kind] of work.kinds.entries()) {
    const start = work.starts[index] as number;
    const end = work.ends[index] as number;
    const value = work.values[index];
    assert.deepEqual(implementation.decode(kind, work.view, start, end), value, implementation.name);
    const size = implementation.encode(kind, value, out);
    const expected = new Uint8Array(work.view.buffer, start, end - start);
    assert.deepEqual(new Uint8Array(out.buffer, 0, size), expected, implementation.name);
  }
}

/** The first small message of each kind. */
function* samples(work: Workload): Generator<{ kind: number; bytes: Uint8Array }> {
  for (const kind of new Set(work.kinds)) {
    const index = work.kinds.indexOf(kind);
    const bytes = new Uint8Array(work.view.buffer).slice(work.starts[index], work.ends[index]);
    if (bytes.length <= SMALL) yield { kind, bytes };
  }
}

/** Every truncation, a byte too many, and every byte set to other values: refused by both or the same value. */
function checkStrictDecode(kind: number, bytes: Uint8Array): void {
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  for (let size = 0; size <= longer.length; size++) sameDecode(kind, longer.subarray(0, size));
  for (let at = 0; at < bytes.length; at++) {
    for (const byte of [0, 1, 2, 3, 0x80, 0xff]) {
      const changed = bytes.slice();
      changed[at] = byte;
      sameDecode(kind, changed);
    }
  }
}

function sameDecode(kind: number, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const expected = codecOf(types[kind] as AnyType).tryDecode(view, 0, bytes.length);
  assert.deepEqual(
    attempt(() => handWritten.decode(kind, view, 0, bytes.length)),
    expected,
  );
}

/** Every field replaced by what does not belong there, a key too many, each key missing. */
function checkStrictEncode(kind: number, value: Record<string, unknown>): void {
  sameEncode(kind, { ...value, unknown: 0 });
  for (const [key, item] of Object.entries(value)) {
    const { [key]: _, ...without } = value;
    sameEncode(kind, without);
    for (const wrong of [
      -1,
      0.5,
      2 ** 32,
      0xffff,
      0n,
      -1n,
      2n ** 64n,
      '1',
      null,
      {},
      [{}],
      [null],
      Number.NaN,
    ]) {
      sameEncode(kind, { ...value, [key]: wrong });
    }
    if (!Array.isArray(item) || item.length === 0) continue;
    for (const field of [...Object.keys(item[0] as object), 'reserved', 'unknown']) {
      for (const wrong of [-1, 3, 0xffff, 2n ** 64n, 1n]) {
        sameEncode(kind, { ...value, [key]: [{ ...(item[0] as object), [field]: wrong }] });
      }
    }
  }
}

function sameEncode(kind: number, value: unknown): void {
  const results = [];
  for (const implementation of implementations.slice(0, 2)) {
    const out = new DataView(new ArrayBuffer(OUT_SIZE));
    const size = attempt(() => implementation.encode(kind, value, out));
    results.push(size === undefined ? undefined : new Uint8Array(out.buffer, 0, size as number));
  }
  assert.deepEqual(results[0], results[1]);
}

function attempt(run: () => unknown): unknown {
  try {
    return run();
  } catch {
    return undefined;
  }
}
