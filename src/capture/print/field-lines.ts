import { annotate } from '../../codec/index.js';
import type { Payload } from '../../schema/index.js';
import {
  BytesType,
  type Field,
  type ListType,
  StructType,
  type Values,
  type WireType,
} from '../../wire/index.js';
import { fieldMargin, formatField, innerMargin } from '../payload/index.js';
import type { PrintOptions } from './options.js';

/** A struct's fields, a line each; lists with an indented line per entry. */
export function fieldLines(
  layout: Payload,
  value: Values,
  options: PrintOptions,
  margin = fieldMargin,
): string[] {
  const shown = layout.fieldsIn(value);
  const width = Math.max(0, ...shown.map(({ name }) => name.length));
  return shown.flatMap((field) => {
    const item = value[field.name];
    const label = options.style.accent(field.name.padEnd(width));
    if (Array.isArray(item)) return listLines(field, item, value, options, margin, label);
    const text = formatField(options.protocol, field, item, value);
    return [
      ...wrap(`${margin}${label}  ${text}`, options.width, margin.length + width + 2),
      ...inside(field, item, options, margin),
    ];
  });
}

function listLines(
  field: Field,
  items: readonly unknown[],
  owner: Values,
  options: PrintOptions,
  margin: string,
  label: string,
): string[] {
  const entry = (field.type as ListType).entryType(owner);
  const lines = items.map((item, index) => {
    const head = `${margin}${innerMargin}${options.style.dim(`[${index}]`)} `;
    if (!(entry instanceof StructType)) {
      const named = { ...field, type: entry as WireType };
      return [head + formatField(options.protocol, named, item, owner)];
    }
    const values = item as Values;
    const words = entry
      .fieldsIn(values)
      .map(
        (part) =>
          `${options.style.accent(part.name)} ${formatField(options.protocol, part, values[part.name], values)}`,
      );
    return wrap(head + words.join(', '), options.width, margin.length + 6);
  });
  return [`${margin}${label}  ${items.length} ${items.length === 1 ? 'entry' : 'entries'}`, ...lines.flat()];
}

/** Raw bytes whose inside has a declared layout (VM_EXITED's reason) are shown read as that. */
function inside(field: Field, value: unknown, options: PrintOptions, margin: string): string[] {
  const layout = field.type instanceof BytesType ? field.type.options.inside : undefined;
  if (layout === undefined || !(value instanceof Uint8Array)) return [];
  const { value: values } = annotate(layout, value);
  return fieldLines(layout, values, options, `${margin}${innerMargin}`);
}

/** Cuts a line at spaces so that it fits the width; what follows is indented by `hang`. Colour codes have no width. */
export function wrap(line: string, width: number | undefined, hang: number): string[] {
  if (width === undefined) return [line];
  const lines: string[] = [];
  let current = '';
  let size = 0;
  for (const word of line.split(/(?<=\S) /)) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what colour codes begin with
    const length = word.replace(/\x1b\[[0-9;]*m/g, '').length;
    if (size > 0 && size + 1 + length > width) {
      lines.push(current);
      current = ' '.repeat(hang) + word;
      size = hang + length;
    } else {
      current += size === 0 ? word : ` ${word}`;
      size += length + (size === 0 ? 0 : 1);
    }
  }
  return [...lines, current];
}
