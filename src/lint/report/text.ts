import { spacedHex } from '../../base/hex.js';
import { printable, wrap } from '../../base/text.js';
import type { PrintStyle } from '../../capture/print/index.js';
import type { Evidence } from '../finding.js';
import type { Rule } from '../rule.js';
import { placeText, type Report } from './report.js';

const BYTES_PER_LINE = 16;
/** Lines of bytes around a field that are shown. */
const LINES_MAX = 4;
const INDENT = '  ';
/** Texts whose lines are remembered. */
const KNOWN_MAX = 1024;

/** Findings for people: the rule, the message with the bytes underlined, why, and what to do instead. */
export function textReport(style: PrintStyle, width: number): Report {
  let count = 0;
  const wrapped = (text: string) => wrap(printable(text), width - INDENT.length).map((line) => INDENT + line);
  // What a rule says stands in each of its findings. Clients share the rule of a hazard.
  const ofRules = new Map<string, string>();
  const ofRule = ({ id, instead, source }: Rule): string => {
    let lines = ofRules.get(id);
    if (lines === undefined) {
      lines = [...wrapped(`Instead: ${instead}.`), ...wrapped(`Source: ${source}.`).map(style.dim)].join(
        '\n',
      );
      ofRules.set(id, lines);
    }
    return lines;
  };
  // Most findings of a file are alike.
  const known = new Map<string, string>();
  const whyOf = (text: string): string => {
    let lines = known.get(text);
    if (lines !== undefined) return lines;
    lines = wrapped(text).join('\n');
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(text, lines);
    return lines;
  };
  let named = '';
  let head = '';
  const headOf = (file: string): string => {
    if (file !== named) head = style.name(printable(file));
    named = file;
    return head;
  };
  return {
    finding(file, finding) {
      count++;
      const { rule, place, peers, evidence, text } = finding;
      const paint = rule.level === 'suspicious' ? style.warn : style.bad;
      const about =
        evidence === undefined
          ? ''
          : `${[...wrapped(evidence.headline), ...bytesOf(evidence, paint)].join('\n')}\n`;
      const why = whyOf(`${text}. Hits ${peers.join(', ')}.`);
      const first = `${headOf(file)}: ${placeText(place)}: ${paint(rule.level)} ${style.accent(rule.id)}`;
      return `${first}\n${about}${why}\n${ofRule(rule)}\n\n`;
    },
    note: (file, { place, note }) => `${printable(`${file}: ${placeText(place)}: note: ${note}`)}\n`,
    end: () => `${count} ${count === 1 ? 'finding' : 'findings'}\n`,
  };
}

/** The bytes of the payload with the field underlined. */
function bytesOf({ payload, offset, end, path }: Evidence, paint: (text: string) => string): string[] {
  const field = path === '' ? '' : ` ${path}`;
  if (payload.length === 0) return [`${INDENT}${paint('(no payload)')}`];
  const first = Math.floor(Math.min(offset, payload.length - 1) / BYTES_PER_LINE) * BYTES_PER_LINE;
  const lines: string[] = [];
  for (let at = first; at < Math.max(end, first + 1) && at < payload.length; at += BYTES_PER_LINE) {
    if (lines.length >= LINES_MAX * 2) return [...lines, `${INDENT}...`];
    const bytes = payload.subarray(at, at + BYTES_PER_LINE);
    const hex = spacedHex(bytes);
    lines.push(`${INDENT}${at.toString(16).padStart(4, '0')}  ${hex}`);
    const from = Math.max(offset, at) - at;
    const to = Math.min(end, at + bytes.length) - at;
    if (to > from) {
      const mark = '^'.repeat((to - from) * 3 - 1);
      lines.push(
        `${INDENT}      ${' '.repeat(from * 3)}${paint(mark + (at + BYTES_PER_LINE >= end ? field : ''))}`,
      );
    }
  }
  return lines;
}
