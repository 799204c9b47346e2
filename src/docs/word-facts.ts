import { defined } from '../base/defined.js';
import { nameLike } from '../base/nearest.js';
import { valueNamed, valueNames } from '../capture/payload/index.js';
import type { Protocol } from '../schema/index.js';
import type { EnumType, FlagsType, StructType } from '../wire/index.js';
import type { RowFacts, WordFacts } from './facts.js';
import { rowFacts } from './layout-facts.js';
import { describeMessage } from './message-facts.js';
import type { ErrnoTables } from './type-facts.js';

type ValueFacts = WordFacts['values'][number];
type FieldFacts = WordFacts['fields'][number];

/** Names of values, errors and fields. */
export function wordsOf(protocol: Protocol): string[] {
  const values = namedTypes(protocol).flatMap((type) => [...valueNames(type).keys()]);
  return [...new Set([...values, ...fieldsOf(protocol).map(({ name }) => name)])];
}

/** What a word means as a value, an error, an errno or a field. Undefined if it is none. */
export function wordFacts(protocol: Protocol, word: string, tables: ErrnoTables): WordFacts | undefined {
  const errno = errnoNamed(word, tables);
  const failures = errnoFacts(protocol, errno);
  const values = [...valueFacts(protocol, word), ...failures];
  const fields = fieldsOf(protocol).filter(({ name }) => nameLike(word, [name]) !== undefined);
  const name = values[0]?.name ?? fields[0]?.name;
  return name === undefined
    ? undefined
    : { kind: 'word', name: failures.length > 0 ? errno : name, values, fields };
}

function namedTypes({ enums, flags, error }: Protocol): (EnumType | FlagsType)[] {
  return [...new Set([error, ...enums, ...flags])];
}

function valueFacts(protocol: Protocol, word: string): ValueFacts[] {
  return namedTypes(protocol).flatMap((type) => {
    const isCode = type === protocol.error && /^(0x[0-9a-f]+|\d+)$/i.test(word);
    const value = isCode ? Number(word) : valueNamed(type, word);
    const entries = Object.entries<number>(type.kind === 'enum' ? type.values : type.bits);
    const name = entries.find(([, own]) => own === value)?.[0] ?? (isCode ? undefined : word);
    if (value === undefined || name === undefined) return [];
    const errno = type === protocol.error ? protocol.errno[name] : undefined;
    const { doc, meanings } = type.info;
    return [defined({ name, value, of: type.label, doc, meaning: meanings?.[name], errno })];
  });
}

/** The name of an errno, which a text gives by name or as a negative number. Other texts are names of none. */
function errnoNamed(word: string, { numbers = {} }: ErrnoTables): string {
  const number = /^-\d+$/.test(word) ? -Number(word) : undefined;
  return Object.keys(numbers).find((name) => numbers[name] === number) ?? word.toUpperCase();
}

/** The errors that some client turns into an errno. */
function errnoFacts({ error, errno }: Protocol, name: string): ValueFacts[] {
  return Object.entries(errno).flatMap(([own, byClient]) =>
    name.startsWith('E') && Object.values(byClient).includes(name)
      ? [
          defined({
            name: own,
            value: error.values[own] as number,
            of: error.label,
            doc: error.info.doc,
            meaning: error.info.meanings?.[own],
            errno: byClient,
          }),
        ]
      : [],
  );
}

function fieldsOf(protocol: Protocol): FieldFacts[] {
  const ofMessages = protocol.messages.flatMap((message) =>
    describeMessage(protocol, message).parts.flatMap(({ part, layouts }) =>
      layouts.flatMap(({ rows }) => fieldsIn(message.name, rows, part)),
    ),
  );
  const ofStructs = protocol.structs.flatMap((type) =>
    fieldsIn(type.label, rowFacts(type as StructType<unknown> as StructType)),
  );
  return [...ofMessages, ...ofStructs];
}

function fieldsIn(of: string, rows: readonly RowFacts[], part?: FieldFacts['part']): FieldFacts[] {
  return rows
    .filter(({ kind }) => kind !== 'reserved')
    .map(({ name, type, offset, doc }) => defined({ of, part, name, type, offset, doc }));
}
