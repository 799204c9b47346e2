import { type ByteWriter, preparedText } from '../../base/byte-writer.js';
import type { Issue } from '../../base/error.js';
import { type AnyType, type StructType, type Values, VariantType } from '../../wire/index.js';
import { StepMaker } from './json-steps.js';
import { writeSteps } from './steps.js';
import type { PayloadWriter } from './struct-writer.js';
import { payloadWriter } from './wire-json.js';

/**
 * Writes the payload [start, end) of the view as JSON, as `jsonText(payloadToJson(...))` of the value that `diagnose`
 * gives, which is the decoded one if nothing is wrong. Decoding first takes several times as long.
 *
 * @param issues gets those of `diagnose`.
 * @returns where the fields end that decode.
 */
export type JsonWriter = (
  view: DataView,
  start: number,
  end: number,
  request: Values | undefined,
  writer: ByteWriter,
  issues: Issue[],
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

function variantWriter(type: VariantType): JsonWriter {
  const { field, cases } = type;
  const writers = new Map(Array.from(cases, ([value, layout]) => [value, jsonWriter(layout)]));
  return (view, start, end, request, writer, issues) => {
    const write = writers.get(request?.[field] as number);
    if (write !== undefined) return write(view, start, end, request, writer, issues);
    issues.push(type.choiceIssue(request, 0));
    writer.prepared(EMPTY);
    return start;
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
  return (view, start, end, request, writer, issues) => {
    if (left > 0 && --left === 0) generated = payloadWriter(layout);
    if (generated !== undefined) {
      const before = writer.at;
      const ending = generated(view, start, end, request, writer);
      if (ending === end) return end;
      writer.at = before;
    }
    if (mayBeEmpty && start >= end) {
      writer.prepared(EMPTY);
      return start;
    }
    return writeSteps(steps, view, start, end, writer, issues);
  };
}

const EMPTY = preparedText('{}');
