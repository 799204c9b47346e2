import type { ByteWriter } from '../../base/byte-writer.js';
import { encodeText, printable, wrap } from '../../base/text.js';
import type { PrintStyle } from '../../capture/print/index.js';
import type { Passage } from '../finding.js';
import type { Level, Rule } from '../rule.js';
import { placeText, type Report } from './report.js';

const BYTES_PER_LINE = 16;
/** Lines of bytes of a field that are shown. */
const LINES_MAX = 4;
const INDENT = '  ';
/** Sentences whose lines are remembered. */
const KNOWN_MAX = 1024;

/** Findings for people: the rule, the message with the bytes underlined, why, and what to do instead. */
export function textReport(style: PrintStyle, width: number): Report {
  let count = 0;
  const linesOf = (text: string): string[] => wrap(printable(text), width - INDENT.length);
  const block = (text: string): string => linesOf(text).reduce((all, line) => `${all}${INDENT}${line}\n`, '');
  const dimmed = (text: string): string =>
    linesOf(text).reduce((all, line) => `${all}${style.dim(INDENT + line)}\n`, '');
  // What a rule says stands in each of its findings. Clients share the rule of a hazard.
  const ofRules = new Map<string, { readonly title: string; readonly advice: Uint8Array }>();
  const ofRule = ({ id, level, instead, source }: Rule) => {
    let texts = ofRules.get(id);
    if (texts === undefined) {
      const title = `${painter(level)(level)} ${style.accent(id)}`;
      const advice = `${block(`Instead: ${instead}.`)}${dimmed(`Source: ${source}.`)}\n`;
      texts = { title, advice: encodeText(advice) };
      ofRules.set(id, texts);
    }
    return texts;
  };
  const painter = (level: Level) => (level === 'suspicious' ? style.warn : style.bad);
  // Most findings of a file are alike.
  const known = new Map<string, { readonly peers: readonly string[]; readonly why: Uint8Array }>();
  const whyOf = (text: string, peers: readonly string[]): Uint8Array => {
    const same = known.get(text);
    if (same !== undefined && isSameList(same.peers, peers)) return same.why;
    const why = encodeText(block(`${text}. Hits ${peers.join(', ')}.`));
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(text, { peers, why });
    return why;
  };
  let named = '';
  let head = '';
  const headOf = (file: string): string => {
    if (file !== named) head = style.name(printable(file));
    named = file;
    return head;
  };
  return {
    finding(file, { rule, place, peers, evidence, text }, output) {
      count++;
      const { title, advice } = ofRule(rule);
      const first = `${headOf(file)}: ${placeText(place)}: ${title}\n`;
      const { writer } = output;
      writer.text(evidence === undefined ? first : first + block(evidence.headline));
      if (evidence !== undefined) writeBytes(evidence.passage, painter(rule.level), writer);
      writer.copy(whyOf(text, peers));
      writer.copy(advice);
      output.written();
    },
    note: (file, { place, note }, output) =>
      output.write(`${printable(`${file}: ${placeText(place)}: note: ${note}`)}\n`),
    end: (output) => output.write(`${count} ${count === 1 ? 'finding' : 'findings'}\n`),
  };
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((item, index) => item === b[index]));
}

/** Writes the bytes of the payload with the field underlined. */
function writeBytes(
  { payload, offset, end, path }: Passage,
  paint: (text: string) => string,
  writer: ByteWriter,
): void {
  const { length } = payload;
  if (length === 0) {
    writer.text(`${INDENT}${paint('(no payload)')}\n`);
    return;
  }
  const name = path === '' ? '' : ` ${path}`;
  const first = Math.floor(Math.min(offset, length - 1) / BYTES_PER_LINE) * BYTES_PER_LINE;
  const last = Math.min(Math.max(end, first + 1), length);
  for (let at = first; at < last; at += BYTES_PER_LINE) {
    if (at >= first + LINES_MAX * BYTES_PER_LINE) {
      writer.text(`${INDENT}...\n`);
      return;
    }
    const next = Math.min(at + BYTES_PER_LINE, length);
    writer.text(`${INDENT}${at.toString(16).padStart(4, '0')}  `);
    writer.spacedHex(payload, at, next);
    writer.text('\n');
    const from = Math.max(offset, at);
    const marked = Math.min(end, next) - from;
    if (marked <= 0) continue;
    const mark = '^'.repeat(marked * 3 - 1) + (at + BYTES_PER_LINE >= end ? name : '');
    writer.text(`${INDENT}      ${' '.repeat((from - at) * 3)}${paint(mark)}\n`);
  }
}
