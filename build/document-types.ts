import ts from 'typescript';
import * as declared from '../schemas/index.js';
import { formatId, type Message, type Payload } from '../src/schema/index.js';
import {
  type AnyType,
  EnumType,
  type Field,
  FlagsType,
  ListType,
  StructType,
  VariantType,
} from '../src/wire/index.js';

/** A comment to insert in front of a place. */
interface Insertion {
  readonly at: number;
  readonly text: string;
}

/**
 * Puts the prose of the declarations into the types that tsc writes for them, so that editors show it: for messages, their
 * payload fields, and the values of enums and flags.
 *
 * @param text of a .d.ts file of `schemas`. @returns the text with comments.
 */
export function documentTypes(text: string): string {
  const file = ts.createSourceFile('schemas.d.ts', text, ts.ScriptTarget.Latest, true);
  const insertions: Insertion[] = [];
  const say = (node: ts.Node, ...lines: readonly string[]) => {
    const { line, character } = file.getLineAndCharacterOfPosition(node.getStart());
    const indent = file.text.slice(file.getPositionOfLineAndCharacter(line, 0)).slice(0, character);
    const margin = /^\s*/.exec(indent)?.[0] ?? '';
    insertions.push({ at: node.getStart(), text: `${comment(lines, margin)}\n${margin}` });
  };
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const [variable] = statement.declarationList.declarations;
    if (variable?.type === undefined || !ts.isIdentifier(variable.name)) continue;
    const value = (declared as Readonly<Record<string, unknown>>)[variable.name.text];
    const hasOwn = ts.getJSDocCommentsAndTags(statement).length > 0;
    if (value instanceof EnumType || value instanceof FlagsType) {
      if (!hasOwn) say(statement, `${value.info.doc}.`, ...(value.info.notes ?? []));
      documentValues(variable.type, value, say);
    } else if (value instanceof StructType) documentLayout(variable.type, value, say);
    else if (isMessage(value)) {
      if (!hasOwn) say(statement, value.doc, formatId(value.id), ...(value.notes ?? []));
      const { typeArguments = [] } = variable.type as ts.NodeWithTypeArguments;
      for (const [index, layout] of layoutsOf(value).entries())
        if (layout !== undefined) documentLayout(typeArguments[index], layout, say);
    }
  }
  return insertions
    .sort((a, b) => b.at - a.at)
    .reduce((result, { at, text: added }) => result.slice(0, at) + added + result.slice(at), text);
}

type Say = (node: ts.Node, ...lines: readonly string[]) => void;

function isMessage(value: unknown): value is Message {
  const { kind } = (value ?? {}) as Partial<Message>;
  return kind === 'call' || kind === 'notification';
}

/** The layouts in the order of the type arguments of `Call` and `Notification`. */
function layoutsOf(message: Message): readonly (Payload | undefined)[] {
  if (message.layout === 'unknown') return [];
  return message.kind === 'notification'
    ? [message.payload]
    : [message.request, message.reply, message.errorReply];
}

function documentValues(type: ts.TypeNode, { info, label }: EnumType | FlagsType, say: Say): void {
  const [values] = (type as ts.NodeWithTypeArguments).typeArguments ?? [];
  if (values === undefined || !ts.isTypeLiteralNode(values)) return;
  for (const member of values.members) {
    const name = nameOf(member);
    const aliases = info.aliases?.[name] ?? [];
    const sources = info.knownBy?.[name];
    say(
      member,
      `${info.doc} (${label}).`,
      ...(aliases.length > 0 ? [`Also called ${aliases.join(', ')}.`] : []),
      ...(sources === undefined ? [] : [`Known to ${sources.join(', ')} only.`]),
    );
  }
}

/** The type of a layout: `StructType` or `VariantType` of what is decoded and of what encoding takes. */
function documentLayout(type: ts.TypeNode | undefined, layout: Payload, say: Say): void {
  for (const value of (type as ts.NodeWithTypeArguments | undefined)?.typeArguments ?? [])
    documentObjects(value, layout instanceof VariantType ? layout.layouts : [layout], say);
}

/** Object types inside a type, such as those of a union, of an array or of a `Partial`. */
function documentObjects(type: ts.Node, layouts: readonly StructType[], say: Say): void {
  if (!ts.isTypeLiteralNode(type)) {
    ts.forEachChild(type, (child) => documentObjects(child, layouts, say));
    return;
  }
  const names = type.members.map(nameOf);
  const layout = layouts.find(({ fieldsInOrder }) =>
    names.every((name) => /_reserved$/.test(name) || fieldsInOrder.some((field) => field.name === name)),
  );
  for (const member of type.members) {
    const field = layout?.fieldsInOrder.find(({ name }) => name === nameOf(member));
    if (field === undefined) continue;
    say(member, ...fieldLines(field));
    const entries = field.type instanceof ListType ? field.type.entryTypes.filter(isStruct) : [];
    if (entries.length > 0 && ts.isPropertySignature(member) && member.type !== undefined)
      documentObjects(member.type, entries, say);
  }
}

function isStruct(type: AnyType): type is StructType {
  return type instanceof StructType;
}

function fieldLines({ doc, type, aliases, max, presence }: Field): string[] {
  return [
    `${doc} (${type.label})`,
    ...(max === undefined ? [] : [`At most ${max}.`]),
    ...(presence?.means === undefined ? [] : [`Left out: ${presence.means}.`]),
    ...(aliases.length > 0 ? [`Also called ${aliases.join(', ')}.`] : []),
  ];
}

function nameOf(member: ts.TypeElement): string {
  return member.name === undefined || !('text' in member.name) ? '' : member.name.text;
}

/** Each line is a paragraph. */
function comment(lines: readonly string[], margin: string): string {
  const safe = lines.map((line) => line.replaceAll('*/', '* /').replaceAll('@', '\\@'));
  if (safe.length === 1) return `/** ${safe[0]} */`;
  return `/**\n${safe.map((line) => `${margin} * ${line}`).join(`\n${margin} *\n`)}\n${margin} */`;
}
