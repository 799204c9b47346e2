import { type ByteWriter, preparedText } from '../../base/byte-writer.js';
import { type AnyType, type StructType, type Values, VariantType } from '../../wire/index.js';
import type { Cut } from './cut.js';
import { StepMaker } from './json-steps.js';
import { BROKEN, CUT, writeSteps } from './steps.js';
import type { PayloadWriter } from './struct-writer.js';
import { payloadWriter } from './wire-json.js';

/**
 * Writes the payload [start, end) of the view as JSON, as `jsonText(payloadToJson(...))` of the decoded value, and where it
 * is cut the fields before, as of the value that `annotate` gives. Decoding first takes several times as long.
 *
 * @param cut is filled in where the payload is cut.
 * @returns where the fields end: less than `end` if there are more bytes. {@link CUT}; or {@link BROKEN}, with some bytes
 *   written, when something else is wrong, or a list is above RM's maximum.
 */
export type JsonWriter = (
  view: DataView,
  start: number,
  end: number,
  request: Values | undefined,
  writer: ByteWriter,
  cut: Cut,
) => number;

const made = new WeakMap<AnyType, JsonWriter>();

export function jsonWriter(type: AnyType): JsonWriter {
  let writer = made.get(type);
  if (writer === undefined) {
    writer = type instanceof VariantType ? variantWriter(type) : structWriter(type as StructType);
    made.set(type, writer);
  }
  return writer;
}

function variantWriter({ field, cases }: VariantType): JsonWriter {
  const writers = new Map(Array.from(cases, ([value, layout]) => [value, jsonWriter(layout)]));
  return (view, start, end, request, writer, cut) => {
    const write = writers.get(request?.[field] as number);
    return write === undefined ? BROKEN : write(view, start, end, request, writer, cut);
  };
}

/**
 * Payloads of a layout for which a function is generated. It takes half the time of the steps, but the engine takes as long
 * to compile it as the steps for so many payloads. Of two million messages most layouts have fewer.
 */
const GENERATED_FROM = 1 << 16;

function structWriter(layout: StructType): JsonWriter {
  const steps = new StepMaker(layout);
  const { mayBeEmpty } = layout;
  let left = GENERATED_FROM;
  let generated: PayloadWriter | undefined;
  return (view, start, end, request, writer, cut) => {
    if (left > 0 && --left === 0) generated = payloadWriter(layout);
    if (generated !== undefined) {
      const before = writer.at;
      const ending = generated(view, start, end, request, writer);
      if (ending >= 0) return ending;
      writer.at = before;
    }
    if (mayBeEmpty && start >= end) {
      writer.prepared(EMPTY);
      return start;
    }
    const first = writer.at;
    const ending = writeSteps(steps, view, start, end, writer, cut);
    if (ending !== CUT) return ending;
    cut.offset -= start;
    if (writer.at === first) writer.text('{');
    writer.text('}');
    return CUT;
  };
}

const EMPTY = preparedText('{}');
