import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Codec } from '../../src/codec/codec.js';
import { codecOf, decodePlain, encodePlain, View } from '../../src/codec/index.js';
import { encodeMessage, MessageView } from '../../src/rpc/index.js';
import { type AnyType, StructType, type Values, VariantType } from '../../src/wire/index.js';
import { valuesOf } from '../arbitrary.js';
import { broken } from '../breakage.js';
import { outcomeOf } from '../outcome.js';
import { holds } from '../seeded.js';
import { subjectsIn } from '../subjects.js';
import { DONE, PAINT, toy } from '../toy.js';
import { valueInView } from './properties.js';

let refusals = 0;

/** As in a page whose policy forbids generated code. */
class Forbidden {
  constructor() {
    refusals++;
    throw new EvalError('code generation from strings disallowed for this context');
  }
}

/** The same type, for which nothing has been generated. */
function unseen(type: AnyType): AnyType {
  if (type instanceof VariantType)
    return new VariantType(
      type.field,
      new Map([...type.cases].map(([value, layout]) => [value, unseen(layout) as StructType])),
    );
  const { label, fields, mayBeEmpty } = type as StructType;
  const size = fields.reduce(
    (sum, field) => sum + (field.presence === undefined ? field.type.sizeMin : 0),
    0,
  );
  return new StructType(label, size, fields, mayBeEmpty);
}

describe('where code must not be generated', () => {
  const subjects = subjectsIn(toy);

  beforeEach(() => {
    const view = new DataView(new ArrayBuffer(0));
    // Codecs generate code on first use: those to compare with must have it before it is forbidden.
    for (const { type } of subjects) {
      codecOf(type).tryDecode(view, 0, 0);
      outcomeOf(() => codecOf(type).encode({}, view, 0));
    }
    refusals = 0;
    vi.stubGlobal('Function', Forbidden);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it.each(subjects.map((subject) => [subject.name, subject] as const))(
    'the codec does the same slowly: %s',
    (_, { type, layout, request }) => {
      const slow = new Codec(type);
      const fast = codecOf(type);
      const inputs = valuesOf(layout, 'input') as fc.Arbitrary<Values>;
      const view = new DataView(new ArrayBuffer(4000));
      const seen = new DataView(new ArrayBuffer(4000));
      holds(
        fc.property(fc.oneof(inputs, broken(inputs) as fc.Arbitrary<Values>), (value) => {
          const end = outcomeOf(() => fast.encode(value, view, 5));
          expect(outcomeOf(() => slow.encode(value, seen, 5))).toEqual(end);
          if (end.value === undefined) return;
          const written = (of: DataView) => new Uint8Array(of.buffer, 5, (end.value as number) - 5);
          expect(written(seen)).toEqual(written(view));
          for (const stop of [end.value, end.value - 1, end.value + 1]) {
            if (stop < 5) continue;
            const decoded = outcomeOf(() => fast.decode(view, 5, stop, request));
            expect(outcomeOf(() => slow.decode(view, 5, stop, request))).toEqual(decoded);
            expect(slow.tryDecode(view, 5, stop, request)).toEqual(fast.tryDecode(view, 5, stop, request));
          }
        }),
        60,
      );
      // The one for each direction of the slow codec.
      expect(refusals).toBe(2);
    },
  );

  it.each(subjects.map((subject) => [subject.name, subject] as const))(
    'a view shows the decoded value: %s',
    (_, { type, layout, request }) => {
      const seen = new View(unseen(type));
      holds(
        fc.property(valuesOf(layout, 'decoded') as fc.Arbitrary<Values>, (value) => {
          const bytes = encodePlain(type, value);
          const shown = seen.at(bytes, 0, bytes.length, request) as object;
          expect(Object.getPrototypeOf(shown)).toBe(Object.prototype);
          expect(valueInView(type, shown)).toEqual(value);
          const longer = new Uint8Array([...bytes, 1]);
          expect(outcomeOf(() => seen.at(longer, 0, longer.length, request))).toEqual(
            outcomeOf(() => decodePlain(type, longer, { request })),
          );
          expect(seen.tryAt(longer, 0, longer.length, request)).toBeUndefined();
        }),
        20,
      );
    },
  );

  it('the view of a message looks at the header', () => {
    const [frame = new Uint8Array()] = encodeMessage(toy, DONE, 'notification', {
      seq: 1,
      payload: { mem_handle: 7 },
    });
    const fresh = { ...DONE, payload: unseen(DONE.payload) as typeof DONE.payload };
    const seen = new MessageView<{ mem_handle: number }>(toy, fresh, 'notification');
    expect(seen.at(frame)?.mem_handle).toBe(7);
    expect(seen.at(frame.fill(0, 4))).toBeUndefined();
    expect(seen.at(frame, 0, 7)).toBeUndefined();
  });

  it("a list above the receiver's maximum is left to annotate as well", () => {
    const cell = { address: 0n, colour: 0, depth: 0, shift: 0, key: new Uint8Array(8), level: 0 };
    const value = {
      mem_handle: 1,
      parts: 0,
      comment: new Uint8Array(0),
      cells_vmid: 0,
      cells: new Array(6).fill(cell),
    };
    const slow = new Codec(PAINT.request);
    const bytes = encodePlain(PAINT.request, value);
    expect(slow.tryDecode(new DataView(bytes.buffer), 0, bytes.length)).toBeUndefined();
    expect(slow.decode(new DataView(bytes.buffer), 0, bytes.length)).toMatchObject(value);
    expect(refusals).toBe(1);
  });

  it('a view that is too small is refused with the same words', () => {
    const slow = new Codec(PAINT.reply);
    const issue = { code: 'capacity', path: '', offset: 0, expected: 8, actual: 7 };
    expect(
      outcomeOf(() => slow.encode({ painted: 1, left: 2 }, new DataView(new ArrayBuffer(9)), 2)).issue,
    ).toEqual(issue);
  });
});

it('does not hide other errors of the code that it generates', () => {
  vi.stubGlobal(
    'Function',
    class {
      constructor() {
        throw new SyntaxError('defect');
      }
    },
  );
  expect(() => new Codec(PAINT.reply).tryDecode(new DataView(new ArrayBuffer(8)), 0, 8)).toThrow(SyntaxError);
  vi.unstubAllGlobals();
});
