import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../src/base/byte-writer.js';
import type { Issue } from '../../src/base/error.js';
import { jsonText } from '../../src/base/json.js';
import {
  type Cut,
  type CutPayloadWriter,
  cutLinesWriter,
  jsonWriter,
  linesWriter,
  type PayloadWriter,
  payloadToJson,
  payloadWriter,
} from '../../src/capture/payload/index.js';
import { fieldLines } from '../../src/capture/print/index.js';
import { compileEncode } from '../../src/codec/compile-encode.js';
import {
  type Annotation,
  annotate,
  codecOf,
  decodePlain,
  encodePlain,
  type ListView,
  View,
} from '../../src/codec/index.js';
import type { Payload, Protocol } from '../../src/schema/index.js';
import {
  type AnyType,
  BytesType,
  ListType,
  StructType,
  type Values,
  VariantType,
} from '../../src/wire/index.js';
import { valuesOf } from '../arbitrary.js';
import { broken } from '../breakage.js';
import { leavesOf } from '../leaves.js';
import { outcomeOf } from '../outcome.js';
import { plainStyle } from '../plain-style.js';
import { expectEqual, expectIs } from '../same.js';
import { holds } from '../seeded.js';
import type { Subject } from '../subjects.js';

const before = 7;
const behind = 9;

/** Properties that every declared struct has, whatever it is; `runs` generated values for each. */
export function codecProperties(protocol: Protocol, subjects: readonly Subject[], runs: number): void {
  const options = { protocol, style: plainStyle, width: undefined, hex: false };
  describe.each(subjects.map((subject) => [subject.name, subject] as const))('%s', (_, subject) => {
    const { type, layout, request } = subject;
    const codec = codecOf(type);
    const decoded = valuesOf(layout, 'decoded') as fc.Arbitrary<Values>;
    const inputs = valuesOf(layout, 'input');

    it('gives back the value that was encoded, in the predicted size', () => {
      holds(
        fc.property(decoded, (value) => {
          const bytes = codec.toBytes(value);
          expectEqual(decodeAt(subject, bytes), value);
          expectIs(codec.size(value), bytes.length);
          expectIs(type.size(value), bytes.length);
        }),
        runs,
      );
    });

    it('gives back the bytes that were decoded, also of values with lengths left out', () => {
      holds(
        fc.property(inputs, (value) => {
          const bytes = codec.toBytes(value);
          expectEqual(codec.toBytes(decodeAt(subject, bytes)), bytes);
        }),
        runs,
      );
    });

    it('writes its own bytes and no others', () => {
      holds(
        fc.property(inputs, (value) => {
          const bytes = codec.toBytes(value);
          const dirty = new Uint8Array(before + bytes.length + behind).fill(0xa5);
          // The view itself begins inside a buffer.
          const view = new DataView(dirty.buffer, 3);
          expectIs(codec.encode(value, view, before - 3), before - 3 + bytes.length);
          expectEqual(dirty.subarray(before, before + bytes.length), bytes);
          expectIs(
            dirty.subarray(0, before).every((byte) => byte === 0xa5),
            true,
          );
          expectIs(
            dirty.subarray(before + bytes.length).every((byte) => byte === 0xa5),
            true,
          );
        }),
        runs,
      );
    });

    it('leaves no valid value to the slow path, also when it just fits', () => {
      const encode = compileEncode(type);
      holds(
        fc.property(inputs as fc.Arbitrary<Values>, (value) => {
          const bytes = codec.toBytes(value);
          const exact = new DataView(new ArrayBuffer(bytes.length));
          expectIs(encode(value, exact, 0), bytes.length);
          expectEqual(new Uint8Array(exact.buffer), bytes);
        }),
        runs,
      );
    });

    it('says how large a view must be', () => {
      holds(
        fc.property(inputs, fc.nat(), (value, some) => {
          const expected = codec.toBytes(value).length;
          if (expected === 0) return;
          const room = some % expected;
          const { issue } = outcomeOf(() => codec.encode(value, new DataView(new ArrayBuffer(room + 2)), 2));
          expectEqual(issue, { code: 'capacity', path: '', offset: 0, expected, actual: room });
        }),
        runs,
      );
    });

    it('ends early only where an optional part begins, else says what is cut off', () => {
      holds(
        fc.property(decoded, (value) => {
          const bytes = codec.toBytes(value);
          const leaves = leavesOf(type, value);
          for (let end = 0; end < bytes.length; end++) {
            const cut = bytes.subarray(0, end);
            const leaf = leaves.find(({ start, size, padding }) => start + size + padding > end);
            if (leaf === undefined) throw new Error('no leaf there');
            if (leaf.start === end && leaf.mayEndBefore) {
              expectEqual(codec.toBytes(decodeAt(subject, cut)), cut);
              continue;
            }
            const { firstPath: path, start: offset, size, padding } = leaf;
            const { issue } = outcomeOf(() => decodeAt(subject, cut));
            const expected = size + padding;
            expectEqual(issue, { code: 'truncated', path, offset, expected, actual: end - offset });
          }
        }),
        Math.ceil(runs / 4),
      );
    });

    it('decodes the same by generated code and by the field types', () => {
      const bytes = damaged(inputs.map((value) => codec.toBytes(value)));
      const writeGenerated = payloadWriter(type);
      holds(
        fc.property(bytes, (input) => {
          const { value, issue } = outcomeOf(() => decodePlain(type, input, { request }));
          const generated = tryDecodeAt(subject, input);
          if (issue === undefined) expectEqual(generated, value);
          else expect(generated).toBeUndefined();
          expectIs(checkAt(subject, input), generated !== undefined);
          const json = generated && jsonText(payloadToJson(type, generated));
          const found: Issue[] = [];
          const throughSteps = writtenAt((...payload) => jsonWriter(type)(...payload, found), subject, input);
          expectIs(found.length === 0 ? throughSteps : undefined, json);
          expectIs(writtenAt(writeGenerated, subject, input), json);
          expectEqual(
            outcomeOf(() => decodeAt(subject, input)),
            { value, issue },
          );
          const lines = generated && fieldLines(type as Payload, generated, options);
          const written = writtenAt(linesWriter(protocol, type), subject, input);
          // What is inside bytes and is cut is left to the slow way.
          if (written !== undefined || generated === undefined || isWholeInside(layout, generated))
            expectIs(written, lines?.map((line) => `${line}\n`).join(''));
        }),
        runs * 4,
      );
    });

    it('shows the decoded value in a view, and refuses the same bytes', () => {
      const bytes = damaged(inputs.map((value) => codec.toBytes(value)));
      const view = new View(type);
      let last: { readonly value: Values; readonly seen: object } | undefined;
      holds(
        fc.property(bytes, (input) => {
          const around = new Uint8Array(before + input.length + behind).fill(0xa5);
          around.set(input, before);
          const end = before + input.length;
          const { value, issue } = outcomeOf(() => decodePlain(type, input, { request }));
          const seen = outcomeOf(() => view.at(around, before, end, request) as object);
          expectEqual(seen.issue, issue);
          expectIs(view.tryAt(around, before, end, request), seen.value);
          if (value !== undefined) last = { value, seen: seen.value as object };
          // Bytes that are refused leave the view where it was.
          if (last !== undefined) expectEqual(valueInView(type, last.seen), last.value);
        }),
        runs * 4,
      );
    });

    it('encodes the same by generated code and by the field types', () => {
      holds(
        fc.property(fc.oneof(inputs, broken(inputs)), (value) => {
          const plain = outcomeOf(() => encodePlain(type, value));
          const view = new DataView(new ArrayBuffer(before + (plain.value?.length ?? 2000)));
          const generated = outcomeOf(() => codec.encode(value as Values, view, before));
          expectEqual(generated.issue, plain.issue);
          if (plain.value === undefined) return;
          expectIs(generated.value, before + plain.value.length);
          expectEqual(new Uint8Array(view.buffer, before), plain.value);
        }),
        runs * 4,
      );
    });

    it('labels every byte once, whatever the bytes are', () => {
      const bytes = damaged(inputs.map((value) => codec.toBytes(value)));
      holds(
        fc.property(bytes, (input) => {
          const annotation = annotate(type, input, request);
          expectPartition(annotation, input.length);
          const expected = expectedCut(annotation);
          const { value: partial, issues, restStart } = annotation;
          const json = jsonText(payloadToJson(type, partial));
          expectEqual(jsonAt(subject, input), { json, issues, restStart });
          const lines = cutAt(cutLinesWriter(protocol, type), subject, input);
          const plain = fieldLines(type as Payload, annotation.value, options);
          if (lines !== undefined)
            expectEqual(lines, { text: plain.map((line) => `${line}\n`).join(''), ...expected });
          const { value, issue } = outcomeOf(() => decodeAt(subject, input));
          if (issue === undefined) expectEqual(annotation.value, value);
          else expect(annotation.issues).toContainEqual(issue);
        }),
        runs * 2,
      );
    });

    it('labels valid bytes as declared', () => {
      holds(
        fc.property(decoded, (value) => {
          const expected = leavesOf(type, value).flatMap(
            ({ path, mark, start, size, padding, value: item }) => [
              { path, mark, start, end: start + size, value: item },
              ...(padding === 0
                ? []
                : [
                    {
                      path,
                      mark: 'padding',
                      start: start + size,
                      end: start + size + padding,
                      value: undefined,
                    },
                  ]),
            ],
          );
          const { ranges, issues, value: whole, restStart } = annotate(type, codec.toBytes(value), request);
          expectEqual(
            ranges.map(({ type: _type, ...range }) => range),
            expected,
          );
          expectEqual(issues, []);
          expectEqual(whole, value);
          expectIs(restStart, codec.size(value));
        }),
        runs,
      );
    });
  });
}

function viewOf(bytes: Uint8Array): DataView {
  const around = new Uint8Array(before + bytes.length + behind).fill(0xa5);
  around.set(bytes, before);
  return new DataView(around.buffer, 3);
}

function decodeAt({ type, request }: Subject, bytes: Uint8Array): Values {
  return codecOf(type).decode(viewOf(bytes), before - 3, before - 3 + bytes.length, request);
}

function tryDecodeAt({ type, request }: Subject, bytes: Uint8Array): Values | undefined {
  return codecOf(type).tryDecode(viewOf(bytes), before - 3, before - 3 + bytes.length, request);
}

function checkAt({ type, request }: Subject, bytes: Uint8Array): boolean {
  return codecOf(type).check(viewOf(bytes), before - 3, before - 3 + bytes.length, request);
}

/** Whether bytes whose inside has a layout of its own have all of it, or nothing. */
function isWholeInside({ fields }: StructType, values: Values): boolean {
  return fields.every(({ name, type }) => {
    const inside = type instanceof BytesType ? type.options.inside : undefined;
    const bytes = values[name];
    if (inside === undefined || !(bytes instanceof Uint8Array) || bytes.length === 0) return true;
    return annotate(inside, bytes).issues.every(({ code }) => code === 'trailing');
  });
}

/** What is written of the bytes; undefined when they do not decode. */
function writtenAt(write: PayloadWriter, { request }: Subject, bytes: Uint8Array): string | undefined {
  const writer = new ByteWriter(8);
  const end = before - 3 + bytes.length;
  return write(viewOf(bytes), before - 3, end, request, writer) === end
    ? new TextDecoder().decode(writer.bytes.subarray(0, writer.at))
    : undefined;
}

function newCut(): Cut {
  return { path: '', offset: 0, expected: 0, actual: 0 };
}

/** What is written of bytes that end in a field, and where; undefined when it is left to the slow way. */
function cutAt(write: CutPayloadWriter, { request }: Subject, bytes: Uint8Array): unknown {
  const writer = new ByteWriter(8);
  const cut = newCut();
  const end = before - 3 + bytes.length;
  if (!write(viewOf(bytes), before - 3, end, request, writer, cut)) return undefined;
  return { text: new TextDecoder().decode(writer.bytes.subarray(0, writer.at)), ...cut };
}

/** What is written as JSON of any bytes, and what it finds. */
function jsonAt({ type, request }: Subject, bytes: Uint8Array): unknown {
  const writer = new ByteWriter(8);
  const issues: Issue[] = [];
  const start = before - 3;
  const end = jsonWriter(type)(viewOf(bytes), start, start + bytes.length, request, writer, issues);
  const json = new TextDecoder().decode(writer.bytes.subarray(0, writer.at));
  return { json, issues, restStart: end - start };
}

function expectedCut({ issues }: Annotation): object | undefined {
  const [issue, ...others] = issues;
  if (issue?.code !== 'truncated' || others.length > 0) return undefined;
  const { path, offset, expected, actual } = issue;
  return { path, offset, expected, actual };
}

/** Valid bytes, cut, lengthened, with one bit flipped, with a word overwritten, that and cut, and random ones. */
function damaged(valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const flip = (bytes: Uint8Array, bit: number) => {
    const copy = bytes.slice();
    const at = (bit >>> 3) % copy.length;
    if (copy.length > 0) copy[at] = (copy[at] as number) ^ (1 << (bit & 7));
    return copy;
  };
  const overwrite = (bytes: Uint8Array, at: number, byte: number) =>
    bytes.length === 0 ? bytes : bytes.slice().fill(byte, at % bytes.length, (at % bytes.length) + 4);
  return fc.oneof(
    valid,
    fc.tuple(valid, fc.nat()).map(([bytes, end]) => bytes.slice(0, end % (bytes.length + 1))),
    fc
      .tuple(valid, fc.uint8Array({ minLength: 1, maxLength: 8 }))
      .map(([a, b]) => new Uint8Array([...a, ...b])),
    fc.tuple(valid, fc.nat()).map(([bytes, bit]) => flip(bytes, bit)),
    fc
      .tuple(valid, fc.nat(), fc.constantFrom(0, 1, 0xff))
      .map(([bytes, at, byte]) => overwrite(bytes, at, byte)),
    fc
      .tuple(valid, fc.nat(), fc.constantFrom(0, 1, 0xff), fc.nat())
      .map(([bytes, at, byte, end]) => overwrite(bytes, at, byte).slice(0, end % (bytes.length + 1))),
    fc.uint8Array({ maxLength: 80 }),
    fc.array(fc.constantFrom(0, 1, 2, 4), { maxLength: 80 }).map((bytes) => new Uint8Array(bytes)),
  );
}

/** The value that a view shows, by all keys that its layouts have. */
export function valueInView(type: AnyType, seen: object): Values {
  const layouts = type instanceof VariantType ? type.layouts : [type as StructType];
  const value: Values = {};
  for (const { name, type: item } of layouts.flatMap(({ fieldsInOrder }) => fieldsInOrder)) {
    const found = (seen as Values)[name];
    if (item instanceof ListType && found !== undefined)
      value[name] = entriesInView(item.entryType(value) as AnyType, found as ListView<unknown>);
    else if (found !== undefined) value[name] = found;
  }
  return value;
}

/** The entries of a list, read from the last to the first and in order. */
function entriesInView(entry: AnyType, list: ListView<unknown>): unknown[] {
  const entryIn = (seen: unknown) =>
    entry instanceof StructType ? valueInView(entry, seen as object) : seen;
  const backwards = Array.from({ length: list.length }, (_, index) =>
    entryIn(list.item(list.length - 1 - index)),
  );
  const inOrder = Array.from(list, entryIn);
  expectEqual(backwards.reverse(), inOrder);
  return inOrder;
}

/** Ranges follow each other and cover all bytes, and no two of them have the same name. */
export function expectPartition({ ranges, restStart }: Annotation, length: number): void {
  let at = 0;
  const names = new Set<string>();
  for (const { mark, path, start, end } of ranges) {
    if (start !== at || end <= start) throw new Error(`range ${path} [${start}, ${end}) follows ${at}`);
    at = end;
    names.add(`${mark === 'field' ? '' : mark} ${path}`);
  }
  expectIs(at, length);
  expectIs(names.size, ranges.length);
  expectIs(restStart, ranges.find(({ mark }) => mark === 'rest')?.start ?? length);
}
