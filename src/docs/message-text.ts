import type { Json } from '../capture/payload/index.js';
import { messageNotes } from './cells.js';
import { paragraph, proseWidthMax, type TextOptions, table } from './columns.js';
import type { Description, HandlerFacts, MessageFacts, OtherManagerFacts, PartFacts } from './facts.js';
import { rowsText } from './rows-text.js';
import { definedBy } from './sources-text.js';
import { bytesText, errorText, typeText, usersText } from './types-text.js';
import { wordText } from './word-text.js';

/** A description as text for a terminal. */
export function descriptionText(facts: Description, options: TextOptions): string {
  const sections = sectionsOf(facts, options);
  if (facts.see_also !== undefined) sections.push([`See also: ${facts.see_also.join(', ')}`]);
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function sectionsOf(facts: Description, options: TextOptions): string[][] {
  switch (facts.kind) {
    case 'word':
      return wordText(facts, options);
    case 'errors':
      return [errorText(facts, options)];
    case 'enum':
    case 'flags':
      return [[...typeText(facts, options), ...usersText(facts.used_by, options)]];
    case 'struct': {
      const inner = (facts.types ?? []).map((type) => typeText(type, options));
      return [[...typeText(facts, options), ...usersText(facts.used_by, options)], ...inner];
    }
    default:
      return messageSections(facts, options);
  }
}

function messageSections(facts: MessageFacts, options: TextOptions): string[][] {
  const { style } = options;
  const width = Math.min(options.width, proseWidthMax);
  const title = `${style.name(facts.name)}  ${facts.id}  ${facts.kind}  ${style.dim(facts.family_title)}`;
  const sections = [[title, ...paragraph(facts.doc, '  ', width)], factLines(facts, options)];
  for (const part of facts.parts) sections.push(partLines(facts, part, options));
  for (const other of facts.other_managers ?? []) sections.push(assumedLines(other, options));
  const notes = messageNotes(facts, options.groups).flatMap((text) => paragraph(text, '    ', width, '  - '));
  if (notes.length > 0) sections.push([style.name('Notes'), ...notes]);
  for (const type of facts.types) sections.push(typeText(type, options));
  return sections;
}

function factLines(facts: MessageFacts, { width, style, groups }: TextOptions): string[] {
  const rows: [string, string][] = [];
  if (facts.aliases.length > 0) rows.push(['also called', facts.aliases.join(', ')]);
  const numberOnly = facts.id_only_in.length > 0 ? '; in brackets: only the number' : '';
  rows.push(['defined by', definedBy(facts, groups) + numberOnly]);
  rows.push(['RM23', rm23Text(facts)]);
  if (facts.sender !== undefined) rows.push(['sender', facts.sender]);
  if (facts.simulated !== undefined) rows.push(['simulated', simulatedText(facts.simulated)]);
  for (const other of facts.other_managers ?? [])
    rows.push([`manager ${other.manager}`, `${simulatedText(other)}; see Assumed`]);
  if (facts.triggers.length > 0) rows.push(['may cause', facts.triggers.join(', ')]);
  if (facts.layout === 'unknown') rows.push(['layout', 'not public']);
  const cells = rows.map(([label, text]) => [{ text: label, paint: style.dim }, { text }]);
  return table(cells, '  ', Math.min(width, proseWidthMax));
}

/** What RM23 does with a message. */
export function rm23Text({ kind, rm23, to, length }: MessageFacts): string {
  if (kind === 'notification')
    return rm23 ? `sends it${to === undefined ? '' : ` to ${to}`}` : 'does not send it';
  if (!rm23) return 'does not handle it: UNIMPLEMENTED';
  const parts = ['handles it'];
  if (length?.exact !== undefined) parts.push(`wants exactly ${bytesText(length.exact)}, else MSG_INVALID`);
  if (length?.min !== undefined) parts.push(`wants at least ${bytesText(length.min)}, else MSG_INVALID`);
  if (length?.excess === 'ignored') parts.push('ignores bytes left over');
  else if (length?.excess !== undefined) parts.push(`bytes left over: ${length.excess}`);
  if (length?.empty_payload === 'PANIC') parts.push('dies on no payload at all');
  else if (length?.empty_payload !== undefined) parts.push(`no payload at all: ${length.empty_payload}`);
  return parts.join('; ');
}

/** How the simulated manager answers a message. */
function simulatedText(handler: HandlerFacts | null): string {
  if (handler === null) return 'answers UNIMPLEMENTED';
  const checks = handler.checks.map(({ check, error }) =>
    error === undefined ? check : `${check}, else ${error}`,
  );
  return `answers it; checks before all else, in this order: ${checks.join('; ')}`;
}

/** The choices of a manager that no public source confirms. */
function assumedLines(
  { manager, assumed, request, reply }: OtherManagerFacts,
  options: TextOptions,
): string[] {
  const width = Math.min(options.width, proseWidthMax);
  const layouts = Object.entries({ request, reply }).flatMap(([part, rows = []]) =>
    rows.length === 0 ? [] : [`  assumed ${part}:`, ...rowsText(rows, options, false)],
  );
  const choices = assumed.flatMap(({ assumption, would_tell }) =>
    paragraph(`${assumption} What would tell: ${would_tell}.`, '    ', width, '  - '),
  );
  return [options.style.name(`Assumed by manager ${manager}`), ...layouts, ...choices];
}

export const partNames = {
  request: 'Request',
  reply: 'Reply',
  error_reply: 'Error reply',
  notification: 'Notification',
} as const;

function partLines(facts: MessageFacts, part: PartFacts, options: TextOptions): string[] {
  const { style } = options;
  const width = Math.min(options.width, proseWidthMax);
  const lines = [`${style.name(partNames[part.part])}, ${partSize(part)}`];
  const when = presentWhen(part);
  if (when !== undefined) lines.push(...paragraph(when, '  ', width));
  if (part.note !== undefined) lines.push(...paragraph(part.note, '  ', width));
  const checked = part.part === 'request' && facts.rm23;
  for (const { when: choice, rows } of part.layouts) {
    if (choice !== undefined)
      lines.push(`  with ${choice.field} ${style.accent(choice.equals)} in the request:`);
    if (rows.length > 0) lines.push(...rowsText(rows, options, checked));
  }
  return [...lines, ...exampleLines(part, { ...options, width })];
}

/** Size of a part in words. */
export function partSize(part: PartFacts): string {
  const isReply = part.part === 'reply' || part.part === 'error_reply';
  if (isReply && part.size === 0) return 'error word only';
  const text = part.size === null ? `${part.size_min} bytes or more` : bytesText(part.size);
  // The offsets in the table count from behind the error word too.
  return isReply ? `behind the error word: ${text}${part.may_be_empty ? ', or nothing' : ''}` : text;
}

/** The condition under which a reply has more than the error word. */
export function presentWhen({ present_when: when }: PartFacts): string | undefined {
  if (when === undefined) return undefined;
  const condition = when.is === 'empty' ? 'is empty' : `is ${when.equals}`;
  return `More than the error word when ${when.field} of the request ${condition}.`;
}

function exampleLines({ example }: PartFacts, { width, style }: TextOptions): string[] {
  const label = (text: string) => style.dim(text.padEnd(10));
  const margin = ' '.repeat(12);
  const lines: string[] = [];
  const empty = example.payload_bytes === '';
  const json = empty ? [] : jsonLines(example.payload, width - margin.length);
  const error = example.error === undefined ? [] : [`error ${example.error}`];
  for (const [index, line] of [...error, ...json].entries()) {
    lines.push(index === 0 ? `  ${label('example')}${line}` : margin + line);
  }
  if (!empty) {
    const words = (example.payload_bytes.match(/.{1,8}/g) ?? []).join(' ');
    lines.push(...paragraph(words, margin, width, `  ${label('payload')}`));
  }
  for (const frame of example.frames) {
    const rows = frame.match(/.{1,32}/g) ?? [];
    // The notation of xxd, so that a user can paste it into `decode -`.
    rows.forEach((row, index) => {
      const offset = (index * 16).toString(16).padStart(8, '0');
      const bytes = (row.match(/.{1,4}/g) ?? []).join(' ');
      lines.push(`${index === 0 ? `  ${label('frame')}` : margin}${offset}: ${bytes}`);
    });
  }
  return lines;
}

/** JSON on one line if it fits, otherwise with one line for each key or entry. */
function jsonLines(json: Json, width: number): string[] {
  const flat = JSON.stringify(json);
  if (flat.length <= width || typeof json !== 'object' || json === null) return [flat];
  const isArray = Array.isArray(json);
  const items = Object.entries(json).map(([key, item], index, all) => {
    const lines = jsonLines(item, width - 3);
    const name = isArray ? '' : `${JSON.stringify(key)}: `;
    const first = lines[0] as string;
    const last = index === all.length - 1 ? '' : ',';
    const inside = lines.length === 1 && name.length + first.length > width - 3 ? jsonLines(item, 0) : lines;
    return inside.map(
      (line, at) => `  ${at === 0 ? name : ''}${line}${at === inside.length - 1 ? last : ''}`,
    );
  });
  return [isArray ? '[' : '{', ...items.flat(), isArray ? ']' : '}'];
}
