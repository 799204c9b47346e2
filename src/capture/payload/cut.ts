import type { ByteWriter } from '../../base/byte-writer.js';
import { type Emitter, quote } from '../../codec/emitter.js';
import type { Field, ListType, Values } from '../../wire/index.js';

/** Where a payload ends in the middle of a field. */
export interface Cut {
  path: string;
  /** Of the field, from the first payload byte. */
  offset: number;
  /** Bytes that it takes, and that are there. */
  expected: number;
  actual: number;
}

/**
 * As `PayloadWriter` for a payload that ends in the middle of a field: writes the fields before, and fills `cut` in. False,
 * with some bytes written, when something else is wrong with the payload.
 */
export type CutPayloadWriter = (
  view: DataView,
  start: number,
  end: number,
  request: Values | undefined,
  writer: ByteWriter,
  cut: Cut,
) => boolean;

/** Emits what is done where a field is cut that takes `size` bytes at the offset `at`. */
type EmitCut = (field: Field, at: string, size: string) => void;

/** Emits the checks of `StructReader.need` for each field by itself. */
export function emitNeed(
  out: Emitter,
  variables: ReadonlyMap<string, string>,
  of: 'fields' | 'bytes' | 'list' | 'entries',
  size: string,
  field: Field | undefined,
  cut: EmitCut,
): void {
  if (field === undefined) return;
  if (of === 'bytes') cut(field, 'p', size);
  else if (of === 'list' && field.type.kind === 'list') {
    const { options, selector } = field.type as ListType;
    if (selector !== undefined) {
      // What the entries are is asked first.
      const selected = variables.get(selector.field);
      const known = [...selector.cases.keys()].map((value) => `${selected} !== ${value}`);
      out.line(`if (${known.join(' && ')}) return false;`);
    }
    cut(field, 'p', String(options.count.fixedSize));
  }
}

/** Bytes of a value of fixed size. Fields of some bits count their byte once, at the last of them. */
export function sizeOfWord({ type }: Field): string {
  return String(type.fixedSize || 1);
}

/** The expression of the path of an entry. */
export function entryPath(outer: string, list: string): string {
  return `${outer} + ${quote(list)} + '[' + i + ']'`;
}

/** The statements that fill `cut` in, and return. */
export function cutReturn(path: string, at: string, size: string): string {
  return [
    `w.at = a; cut.path = ${path}; cut.offset = ${at} - first;`,
    `cut.expected = ${size}; cut.actual = end - (${at}); return true;`,
  ].join(' ');
}
