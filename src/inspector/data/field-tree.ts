import { digest } from '../../base/digest.js';
import { formatHex } from '../../base/hex.js';
import { formatField, payloadToJson } from '../../capture/payload/index.js';
import { annotate, type Range } from '../../codec/index.js';
import type { Protocol } from '../../schema/index.js';
import { BytesType, type Field, ListType, StructType, type Values } from '../../wire/index.js';
import { fieldNotes } from './field-notes.js';
import type { Run } from './frame-bytes.js';

/** Number of colours for fields. */
export const colourCount = 8;

/** A line of the field tree. The lines are in display order, so each comes after its parent. */
export interface TreeNode {
  /** Its index. */
  readonly id: number;
  readonly parent: number | undefined;
  readonly depth: number;
  readonly name: string;
  /** Path of a payload field, as in issues and filters. Empty for other lines. */
  readonly path: string;
  /** In the notation of the field. */
  readonly value: string;
  /** In the notation of NDJSON. Undefined if the line has no value. */
  readonly json: string | undefined;
  readonly doc: string;
  /** More facts, one per line. */
  readonly notes: readonly string[];
  /** 0..colourCount-1 for a field. Undefined for groups and for fields without bytes. */
  readonly colour: number | undefined;
  /** `reserved` and `padding` bytes have no meaning by declaration. `rest` is bytes that no field describes. */
  readonly mark: 'field' | 'reserved' | 'padding' | 'rest';
  runs: readonly Run[];
  /** Whether it has lines below it. */
  group: boolean;
}

type NodeFacts = Pick<TreeNode, 'name'> & Partial<Omit<TreeNode, 'id' | 'parent' | 'depth' | 'group'>>;

/** Finds payload bytes [start, end) in the frames. */
type Locate = (start: number, end: number) => readonly Run[];

/** Collects the lines of a tree. A group has the bytes of all lines in it. */
export class TreeBuilder {
  readonly nodes: TreeNode[] = [];
  #parent: TreeNode | undefined;
  #colour: number | undefined;

  constructor(readonly protocol: Protocol) {}

  /** Adds a field. Its colour depends on its name, except that neighbours never have the same colour. */
  leaf(facts: NodeFacts): TreeNode {
    const { nodes } = this;
    if (facts.runs !== undefined && facts.runs.length > 0) {
      const own = colourOf(facts.path || facts.name);
      this.#colour = own === this.#colour ? (own + 1) % colourCount : own;
    }
    const node = this.#node(facts, this.#colour);
    nodes.push(node);
    return node;
  }

  /** Adds a line with other lines below it, which `fill` adds. */
  group(facts: NodeFacts, fill: () => void): TreeNode {
    const node = this.#node(facts, undefined);
    const outer = this.#parent;
    this.nodes.push(node);
    this.#parent = node;
    fill();
    this.#parent = outer;
    const inside = this.nodes.slice(node.id + 1);
    node.group = inside.length > 0;
    node.runs = joined([...node.runs, ...inside.flatMap(({ runs }) => runs)]);
    return node;
  }

  /**
   * Adds the fields of a struct. The bytes may be malformed.
   *
   * @param outer path of the field whose bytes hold the struct, empty if there is none
   */
  struct(type: StructType, bytes: Uint8Array, request: Values | undefined, locate: Locate, outer = ''): void {
    const { ranges, value } = annotate(type, bytes, request);
    new Layout(this, ranges, locate, outer === '' ? '' : `${outer}.`).fields(type, value, '');
    for (const { mark, start, end } of ranges) if (mark === 'rest') this.rest(bytes, start, end, locate);
  }

  /** Adds a line for bytes that no field describes. */
  rest(bytes: Uint8Array, start: number, end: number, locate: Locate): void {
    this.leaf({
      name: 'left over',
      value: `${end - start} bytes`,
      json: JSON.stringify(formatHex(bytes, start, end)),
      doc: 'Bytes that no field describes.',
      mark: 'rest',
      runs: locate(start, end),
    });
  }

  #node(facts: NodeFacts, colour: number | undefined): TreeNode {
    const parent = this.#parent;
    return {
      path: '',
      value: '',
      json: undefined,
      doc: '',
      notes: [],
      mark: 'field',
      runs: [],
      ...facts,
      id: this.nodes.length,
      parent: parent?.id,
      depth: parent === undefined ? 0 : parent.depth + 1,
      colour: facts.runs === undefined || facts.runs.length === 0 ? undefined : colour,
      group: false,
    };
  }
}

/** Adds the fields of a layout to the tree, with the byte ranges of its annotation. */
class Layout {
  readonly #ranges = new Map<string, Range[]>();
  readonly #tree: TreeBuilder;
  readonly #locate: Locate;
  readonly #outer: string;

  constructor(
    tree: TreeBuilder,
    ranges: readonly Range[],
    locate: Locate,
    /** Prefix for the paths of the annotation. */
    outer: string,
  ) {
    this.#tree = tree;
    this.#locate = locate;
    this.#outer = outer;
    for (const range of ranges) {
      const same = this.#ranges.get(range.path);
      if (same === undefined) this.#ranges.set(range.path, [range]);
      else same.push(range);
    }
  }

  fields(type: StructType, values: Values, prefix: string): void {
    for (const field of type.fields) this.#field(field, values, prefix);
  }

  #field(field: Field, values: Values, prefix: string): void {
    const path = prefix === '' ? field.name : `${prefix}.${field.name}`;
    const value = values[field.name];
    // The field is absent, or decoding ended before it.
    if (!this.#ranges.has(path) && value === undefined) return;
    if (field.type instanceof ListType) this.#list(field, field.type, values, prefix, path);
    else this.#scalar(field, value, values, path, field.name);
  }

  /** A list in the order of its bytes: count, header words, entries. */
  #list(field: Field, type: ListType, owner: Values, prefix: string, path: string): void {
    const value = owner[field.name];
    const items = Array.isArray(value) ? value : [];
    this.#tree.group(
      {
        name: field.name,
        path: this.#outer + path,
        value: `${items.length} ${items.length === 1 ? 'entry' : 'entries'}`,
        // Undefined if decoding ended between the count and the entries.
        json: value === undefined ? undefined : JSON.stringify(payloadToJson(type, items, owner)),
        doc: field.doc,
        notes: fieldNotes(field),
      },
      () => {
        this.#count(type, path);
        for (const word of type.options.headerWords) this.#field(word, owner, prefix);
        for (const index of items.keys()) this.#entry(field, type, items, owner, path, index);
      },
    );
  }

  #count({ options }: ListType, path: string): void {
    for (const { mark, start, end, value } of this.#ranges.get(path) ?? []) {
      if (mark !== 'count') continue;
      const notes = [options.count.label, ...(options.countName === undefined ? [] : [options.countName])];
      const runs = this.#locate(start, end);
      this.#tree.leaf({ name: 'count', value: String(value), doc: 'Number of entries.', notes, runs });
    }
  }

  #entry(
    field: Field,
    type: ListType,
    items: readonly unknown[],
    owner: Values,
    path: string,
    index: number,
  ): void {
    const entry = type.entryType(owner);
    const name = `[${index}]`;
    const at = `${path}${name}`;
    const item = items[index];
    if (entry instanceof StructType) {
      const value = this.#summary(entry, item as Values);
      const json = JSON.stringify(payloadToJson(entry, item));
      this.#tree.group({ name, path: this.#outer + at, value, json, doc: entry.label }, () =>
        this.fields(entry, item as Values, at),
      );
    } else if (entry !== undefined) this.#scalar({ ...field, type: entry }, item, owner, at, name);
  }

  /** A list entry on one line, shown while it is folded. */
  #summary(type: StructType, values: Values): string {
    return type
      .fieldsIn(values)
      .filter(({ type: { kind } }) => kind !== 'reserved' && kind !== 'list')
      .map((field) => `${field.name} ${formatField(this.#tree.protocol, field, values[field.name], values)}`)
      .join(', ');
  }

  #scalar(field: Field, value: unknown, owner: Values, path: string, name: string): void {
    const ranges = this.#ranges.get(path) ?? [];
    const own = ranges.find(({ mark }) => mark !== 'padding');
    // Values contain reserved words only if they are not zero.
    const shown = value ?? own?.value;
    const { type } = field;
    const reserved = type.kind === 'reserved';
    const facts: NodeFacts = {
      name,
      path: this.#outer + path,
      value: reserved
        ? `0x${Number(shown).toString(16)}`
        : formatField(this.#tree.protocol, field, shown, owner),
      json: JSON.stringify(payloadToJson(type, shown, owner)),
      doc: field.doc,
      notes: fieldNotes(field),
      mark: reserved ? 'reserved' : 'field',
      runs: own === undefined ? [] : this.#locate(own.start, own.end),
    };
    const inside = type instanceof BytesType ? type.options.inside : undefined;
    if (inside === undefined || own === undefined) this.#tree.leaf(facts);
    else {
      const { start } = own;
      const locate: Locate = (from, to) => this.#locate(start + from, start + to);
      this.#tree.group(facts, () =>
        this.#tree.struct(inside, shown as Uint8Array, undefined, locate, this.#outer + path),
      );
    }
    for (const { mark, start, end } of ranges) {
      if (mark !== 'padding') continue;
      const doc = 'Zero bytes up to a multiple of four.';
      this.#tree.leaf({
        name: 'padding',
        value: `${end - start} bytes`,
        doc,
        mark,
        runs: this.#locate(start, end),
      });
    }
  }
}

/** The colour depends on the field name only, so it is the same in all entries of a list and in all messages. */
function colourOf(path: string): number {
  return Number.parseInt(digest(path.replace(/\[\d+\]/g, '').replace(/^.*\./, '')), 36) % colourCount;
}

/** Sorts runs and joins those that touch. */
function joined(runs: readonly Run[]): Run[] {
  const result: [number, number][] = [];
  for (const [start, end] of [...runs].sort(([a], [b]) => a - b)) {
    const last = result.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else result.push([start, end]);
  }
  return result;
}
