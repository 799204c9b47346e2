import { errorCells, messageNotes, valueCells, valueNotes } from '../docs/cells.js';
import type {
  FamilyFacts,
  MessageFacts,
  NamesFacts,
  PartFacts,
  RowFacts,
  StructFacts,
} from '../docs/facts.js';
import { describeAll, describeMessage } from '../docs/message-facts.js';
import { partNames, partSize, presentWhen, rm23Text } from '../docs/message-text.js';
import { rowCells } from '../docs/rows-text.js';
import { definedBy, type SourceGroup } from '../docs/sources-text.js';
import { errorFacts, typeFacts } from '../docs/type-facts.js';
import { bytesText } from '../docs/types-text.js';
import type { Protocol } from '../schema/index.js';
import type { EnumType, FlagsType, StructType } from '../wire/index.js';
import { byLabel, type ExportContext } from './context.js';

/** The reference of all messages, error codes, enums, flags and structs, in Markdown. */
export function exportMarkdown({ protocol, errno, groups }: Omit<ExportContext, 'hazards'>): string {
  const families = describeAll(protocol);
  const sections = [
    '# Messages of the Gunyah resource manager',
    intro,
    sourcesTable(protocol, groups),
    ...overview(families, groups),
    '## Error codes',
    errorTable(protocol, errno),
    '## Layouts',
    ...families.flatMap(({ title, doc, messages }) => [
      `### ${title}`,
      doc,
      ...messages.flatMap(({ name }) => {
        const message = protocol.byName.get(name);
        return message === undefined ? [] : messageSection(describeMessage(protocol, message), groups);
      }),
    ]),
    '## Structs',
    ...protocol.structs.flatMap((type) =>
      structSection(typeFacts(protocol, type as StructType) as StructFacts),
    ),
    '## Enums',
    ...byLabel(protocol.enums)
      .filter((type) => type !== protocol.error)
      .flatMap((type) => namesSection(typeFacts(protocol, type as EnumType) as NamesFacts, groups)),
    '## Flags',
    ...byLabel(protocol.flags).flatMap((type) =>
      namesSection(typeFacts(protocol, type as FlagsType) as NamesFacts, groups),
    ),
  ];
  return `${sections.join('\n\n')}\n`;
}

const intro = `Generated from the declarations in this folder by \`gunyah-rm export md\`; \`gunyah-rm describe NAME\` prints
the same with example bytes. All integers are little-endian, all structs packed. Offsets are in bytes and count from the
end of the 8-byte header, in replies from the end of the 4-byte error word; \`-\` = behind something of variable length.`;

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function list(items: readonly string[]): string[] {
  return items.length === 0 ? [] : [items.map((item) => `- ${item}`).join('\n')];
}

function sourcesTable({ labels }: Protocol, groups: readonly SourceGroup[]): string {
  const short = groups.map(({ name, sources }) => `\`${name}\` = ${sources.join(' ')}`).join('; ');
  return `${table(['source', 'what it is'], Object.entries(labels))}\n\nIn tables ${short}; in brackets: only the number is known there.`;
}

function overview(families: readonly FamilyFacts[], groups: readonly SourceGroup[]): string[] {
  const rows = families.flatMap(({ messages }) =>
    messages.map((message) => [
      message.id,
      `[${message.name}](#${message.name.toLowerCase()})`,
      message.kind,
      message.rm23 ? 'yes' : 'no',
      definedBy(message, groups),
    ]),
  );
  return ['## All messages', table(['id', 'name', 'kind', 'RM23', 'sources'], rows)];
}

function errorTable(protocol: Protocol, tables: ExportContext['errno']): string {
  const facts = errorFacts(protocol, tables);
  const clients = Object.values(facts.clients).map((sources) => `errno in ${sources.join(' ')}`);
  return [table(['code', 'name', ...clients], errorCells(facts)), ...list(facts.notes)].join('\n\n');
}

function messageSection(facts: MessageFacts, groups: readonly SourceGroup[]): string[] {
  const also = facts.aliases.length === 0 ? [] : [`also called ${facts.aliases.join(', ')}`];
  const about = [
    `${facts.id}, ${facts.kind}`,
    ...also,
    `defined by ${definedBy(facts, groups)}`,
    `RM23 ${rm23Text(facts)}`,
    ...(facts.sender === undefined ? [] : [`sent by ${facts.sender}`]),
    ...(facts.triggers.length === 0 ? [] : [`may cause ${facts.triggers.join(', ')}`]),
    ...(facts.layout === 'unknown' ? ['layout not public'] : []),
  ];
  return [
    `#### ${facts.name}`,
    facts.doc,
    ...list(about),
    ...facts.parts.flatMap((part) => partSection(facts, part)),
    ...list(messageNotes(facts, groups)),
  ];
}

function partSection(facts: MessageFacts, part: PartFacts): string[] {
  const checked = part.part === 'request' && facts.rm23;
  const when = presentWhen(part);
  const title = [`**${partNames[part.part]}**, ${partSize(part)}.`, when, part.note && `${part.note}.`];
  return [
    title.filter((text) => text !== undefined).join(' '),
    ...part.layouts.flatMap(({ when: choice, rows }) => [
      ...(choice === undefined ? [] : [`With ${choice.field} ${choice.equals} in the request:`]),
      ...(rows.length === 0 ? [] : [rowsTable(rows, checked)]),
    ]),
    ...(part.example.payload_bytes === '' ? [] : [`Example: \`${part.example.frames.join(' ')}\``]),
  ];
}

function rowsTable(rows: readonly RowFacts[], checked: boolean): string {
  return table(
    ['offset', 'size', 'field', 'type', 'meaning'],
    rows.map((row) => rowCells(row, checked)),
  );
}

function structSection({ name, size, size_min: sizeMin, rows, used_by: users }: StructFacts): string[] {
  const bytes = size === null ? `${sizeMin} bytes or more` : `${size} bytes`;
  return [`### ${name}`, `${bytes}; in ${users.join(', ') || 'no message'}.`, rowsTable(rows, true)];
}

function namesSection(facts: NamesFacts, groups: readonly SourceGroup[]): string[] {
  const { kind, name, size, doc } = facts;
  return [
    `### ${name}`,
    `${doc}; ${bytesText(size)}.`,
    table([kind === 'flags' ? 'bit' : 'value', 'name', ''], valueCells(facts, groups)),
    ...list(valueNotes(facts, groups)),
  ];
}
