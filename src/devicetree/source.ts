import { formatHex } from '../base/hex.js';
import { jsonText } from '../base/json.js';
import { type DtNode, parseFdt } from './fdt.js';
import { cellAt, strings } from './node.js';

/**
 * A blob as source text, as `dtc` prints it. Values are shown as texts where they can be, else as cells, else as bytes.
 *
 * @throws WireError for what is no devicetree.
 */
export function formatSource(blob: Uint8Array): string {
  return `/dts-v1/;\n\n${nodeText(parseFdt(blob), '')}`;
}

function nodeText(node: DtNode, margin: string): string {
  const inner = `${margin}\t`;
  const properties = node.properties.map(({ name, value }) =>
    value.length === 0 ? `${inner}${name};\n` : `${inner}${name} = ${valueText(value)};\n`,
  );
  const children = node.children.map((child) => `\n${nodeText(child, inner)}`);
  return `${margin}${node.name === '' ? '/' : node.name} {\n${properties.join('')}${children.join('')}${margin}};\n`;
}

function valueText(value: Uint8Array): string {
  const { list, terminated } = strings(value);
  if (terminated && list.every((text) => /^[\x20-\x7e]+$/.test(text))) return list.map(jsonText).join(', ');
  if (value.length % 4 !== 0) return `[${formatHex(value)}]`;
  const cells = Array.from(
    { length: value.length / 4 },
    (_, index) => `0x${cellAt(value, index).toString(16)}`,
  );
  return `<${cells.join(' ')}>`;
}
