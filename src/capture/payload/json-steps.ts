import { preparedText } from '../../base/byte-writer.js';
import { dependencies } from '../../codec/struct-reader.js';
import {
  type AnyType,
  BitsType,
  BytesType,
  type Field,
  IntegerType,
  ListType,
  StructType,
} from '../../wire/index.js';
import { jsonPutOf } from './json-puts.js';
import {
  BITS,
  BYTES,
  COUNT,
  I32,
  LIST,
  NEXT,
  NO_REGISTER,
  REGISTERS_MAX,
  RESERVED,
  Step,
  type Steps,
  TEXT,
  U8,
  U16,
  U24,
  U32,
  U64,
  WHEN,
} from './steps.js';

/** Makes the steps that write a layout as JSON. */
export class StepMaker implements Steps {
  readonly steps: Step[] = [];
  readonly words: Float64Array;
  readonly #texts: number[] = [];
  #registers = 0;

  constructor(layout: StructType) {
    this.struct(layout, undefined);
    this.words = Float64Array.from(this.#texts);
  }

  /** Adds the steps of a struct. @param list of an entry. */
  struct(type: StructType, list: Step | undefined): void {
    new StructSteps(this, list).all(type);
  }

  add(step: Step, text: string): void {
    const { words, size } = preparedText(text);
    step.words = this.#texts.length;
    this.#texts.push(...words);
    step.wordsEnd = this.#texts.length;
    step.textSize = size;
    step.room += size + 2;
    this.steps.push(step);
  }

  register(): number {
    if (this.#registers === REGISTERS_MAX) throw new RangeError('too many registers');
    return this.#registers++;
  }
}

/** Adds the steps of one struct, or of an entry of a list that is none. */
class StructSteps {
  readonly #maker: StepMaker;
  readonly #list: Step | undefined;
  readonly #registers = new Map<string, number>();
  /** An opening brace that is not written yet. */
  #open = '{';
  /** Surely a key has been written. */
  #begun = false;

  constructor(maker: StepMaker, list: Step | undefined) {
    this.#maker = maker;
    this.#list = list;
  }

  all(type: StructType): void {
    for (const name of new Set(type.fields.flatMap(neededBy)))
      this.#registers.set(name, this.#maker.register());
    const [first] = type.fieldsInOrder;
    if (first !== undefined && !isSure(first)) this.#add(new Step(TEXT, ''), this.#takeOpen());
    for (const field of type.fields) this.#field(field);
    this.#add(new Step(TEXT, ''), `${this.#takeOpen()}}`);
  }

  /** The value of an entry that is no struct. */
  value(type: AnyType): void {
    this.#add(type instanceof BytesType ? this.#bytes('', type) : this.#number('', type), '');
  }

  #add(step: Step, text: string): void {
    step.list = this.#list;
    this.#maker.add(step, text);
  }

  #registerOf(name: string | undefined): number {
    return (name === undefined ? undefined : this.#registers.get(name)) ?? NO_REGISTER;
  }

  #takeOpen(): string {
    const open = this.#open;
    this.#open = '';
    return open;
  }

  #field(field: Field): void {
    const { presence, name } = field;
    if (presence === undefined) {
      this.#content(field);
      return;
    }
    const when = new Step(WHEN, name);
    when.register = this.#registerOf(presence.when?.field);
    when.mask = presence.when?.mask ?? 0;
    when.isTrailing = presence.trailing === true;
    this.#add(when, '');
    this.#content(field);
    when.behind = this.#maker.steps.length;
  }

  #content(field: Field): void {
    const { name, type } = field;
    if (type instanceof ListType) this.#entries(field, type);
    else this.#keyed(field, type instanceof BytesType ? this.#bytes(name, type) : this.#number(name, type));
  }

  /** Adds a step with the key of its field. */
  #keyed(field: Field, step: Step, behind = ''): void {
    step.isDoubtful = !this.#begun && this.#open === '';
    this.#add(step, `${this.#takeOpen()}${this.#begun ? ',' : ''}${JSON.stringify(field.name)}:${behind}`);
    this.#begun ||= isSure(field);
  }

  #number(name: string, type: AnyType): Step {
    const step = new Step(opOf(type), name);
    const { put, size } = jsonPutOf(type);
    step.put = put;
    step.room = size;
    step.size = type.fixedSize as number;
    step.need = step.size || 1;
    step.register = this.#registerOf(name);
    if (type.kind === 'reserved') step.use = RESERVED;
    if (type instanceof BitsType) {
      step.shift = type.shift;
      step.mask = type.max;
    }
    return step;
  }

  #bytes(name: string, { options: { lengthFrom, padTo, size, encoding } }: BytesType): Step {
    const step = new Step(BYTES, name);
    step.need = size ?? 0;
    step.length = this.#registerOf(lengthFrom);
    step.isPadded = padTo !== undefined;
    if (typeof encoding === 'string') step.isText = encoding === 'utf8';
    else {
      step.select = this.#registerOf(encoding.select);
      step.raw = encoding.raw;
    }
    return step;
  }

  #entries(field: Field, type: ListType): void {
    const { entry, selector, choice } = type;
    const { count, max, headerWords } = type.options;
    const maker = this.#maker;
    const counting = this.#number(field.name, count);
    counting.use = COUNT;
    counting.register = maker.register();
    this.#add(counting, '');
    for (const word of headerWords) this.#field(word);
    const list = new Step(LIST, field.name);
    if (max !== undefined) list.max = max;
    list.headSize = headerWords.reduce((sum, { type }) => sum + (type.fixedSize as number), counting.size);
    list.length = counting.register;
    list.left = maker.register();
    list.select = this.#registerOf(selector?.field);
    counting.select = list.select;
    counting.choice = choice;
    this.#keyed(field, list, '[');
    const ends =
      selector === undefined
        ? [this.#entry(entry as AnyType, list)]
        : Array.from(selector.cases.values(), (type) => this.#entry(type, list));
    list.behind = maker.steps.length;
    for (const end of ends) end.behind = list.behind;
    if (selector !== undefined)
      list.entries = new Map(
        Array.from(selector.cases.keys(), (value, at) => [value, ends[at]?.first as number]),
      );
    counting.entries = list.entries;
  }

  /** Adds the steps of one type of entries. @returns the last. */
  #entry(type: AnyType, list: Step): Step {
    const next = new Step(NEXT, list.name);
    next.left = list.left;
    next.first = this.#maker.steps.length;
    if (type instanceof StructType) {
      list.isStruct = true;
      this.#maker.struct(type, list);
    } else new StructSteps(this.#maker, list).value(type);
    this.#add(next, '');
    return next;
  }
}

/** Whether every value has this key. */
function isSure({ type, presence }: Field): boolean {
  return type.kind !== 'reserved' && presence === undefined;
}

/** The fields whose values decide how this one is read and written. */
function neededBy(field: Field): string[] {
  const { type } = field;
  const encoding = type instanceof BytesType ? type.options.encoding : undefined;
  return typeof encoding === 'object' ? [...dependencies(field), encoding.select] : dependencies(field);
}

const unsigned: Readonly<Record<number, number>> = { 1: U8, 2: U16, 3: U24, 4: U32, 8: U64 };

function opOf(type: AnyType): number {
  if (type instanceof BitsType) return BITS;
  return type instanceof IntegerType && type.signed ? I32 : (unsigned[type.fixedSize as number] as number);
}
