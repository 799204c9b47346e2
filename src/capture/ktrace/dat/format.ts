/** A field of an event: where its bytes stand in a record. */
export interface EventField {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly isSigned: boolean;
  /** Elements of an array; undefined for a scalar. */
  readonly elements: number | undefined;
}

/** The format of an event, as tracefs describes it. */
export interface EventFormat {
  readonly id: number;
  readonly name: string;
  readonly fields: ReadonlyMap<string, EventField>;
}

const FIELD =
  /^\s*field:[^;]*?([A-Za-z_]\w*)(?:\[(\d*)\])?;\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:(\d+);)?/;

/** Reads the text of a `format` file; undefined when it has no name or number. */
export function parseEventFormat(text: string): EventFormat | undefined {
  const name = /^name: (\S+)/m.exec(text)?.[1];
  const id = /^ID: (\d+)/m.exec(text)?.[1];
  if (name === undefined || id === undefined) return undefined;
  const fields = new Map<string, EventField>();
  for (const line of text.split('\n')) {
    const match = line.length > 512 ? null : FIELD.exec(line);
    if (match === null) continue;
    const [, field = '', elements, offset, size, signed] = match;
    fields.set(field, {
      name: field,
      offset: Number(offset),
      size: Number(size),
      isSigned: signed === '1',
      elements: elements === undefined ? undefined : Number(elements),
    });
  }
  return { id: Number(id), name, fields };
}
