import { type Codec, codecOf } from '../../codec/index.js';
import type { RmRules } from '../../schema/index.js';
import {
  decodeStream,
  type Field,
  ListType,
  Scope,
  StructType,
  stopped,
  type Values,
} from '../../wire/index.js';
import { RmError } from '../codes.js';
import type { Payload } from '../payload.js';
import type { Rest } from './row.js';

/** Reads the requests of one message: what is wrong with one gets the error that the rules name. */
export class RequestReader {
  readonly #type: StructType;
  readonly #codec: Codec;
  readonly #rules: RmRules;
  readonly #sizeMin: number;
  readonly #sizeMax: number;
  readonly #limited: LimitedField | undefined;

  constructor(type: StructType, rules: RmRules) {
    this.#type = type;
    this.#codec = codecOf(type) as Codec;
    this.#rules = rules;
    const { exact, min = exact ?? type.sizeMin } = rules.length ?? {};
    this.#sizeMin = min;
    this.#sizeMax = exact ?? Number.POSITIVE_INFINITY;
    this.#limited = limitedField(type);
  }

  /** Whether the payload has the size that the rules ask for, whatever is in it. */
  sizeFits({ start, end }: Payload): boolean {
    const size = end - start;
    return size >= this.#sizeMin && size <= this.#sizeMax;
  }

  /** The request, or the error of the first thing that is wrong with it. */
  read(payload: Payload): Values | number {
    if (!this.sizeFits(payload)) return RmError.MSG_INVALID;
    const { view, start, end } = payload;
    const limited = this.#limited;
    if (limited !== undefined && view.getUint16(start + limited.offset, true) > limited.max)
      return limited.error;
    return this.#codec.tryDecode(view, start, end) ?? this.#readOdd(payload);
  }

  /** A payload that does not decode as it is: bytes may be left over, a list may be missing, or it is wrong. */
  #readOdd({ view, start, end }: Payload): Values | number {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + start, end - start);
    const stream = decodeStream(bytes);
    let first: { readonly code: string; readonly path: string; readonly offset: number } | undefined;
    const trace = {
      range() {},
      issue(issue: NonNullable<typeof first>) {
        first ??= issue;
      },
    };
    try {
      const value = this.#type.decode(stream, new Scope({}, undefined, { trace }));
      if (first === undefined)
        return stream.pos === bytes.length || this.#rules.length?.excess === 'ignored'
          ? value
          : RmError.MSG_INVALID;
    } catch (error) {
      if (error !== stopped) throw error;
    }
    if (first?.code === 'max') return RmError.NORESOURCE;
    return first?.offset === bytes.length && this.#mayMiss(first.path)
      ? this.#withEmptyList(bytes)
      : RmError.MSG_INVALID;
  }

  /** Whether RM takes a payload that ends where this field would start. */
  #mayMiss(path: string): boolean {
    const field = this.#type.fields.find(({ name }) => name === path);
    return this.#rules.missingList === 'empty' && field?.type instanceof ListType;
  }

  #withEmptyList(bytes: Uint8Array): Values | number {
    const longer = new Uint8Array(bytes.length + LIST_HEADER_SIZE);
    longer.set(bytes);
    return this.read({ view: new DataView(longer.buffer), start: 0, end: longer.length });
  }
}

const LIST_HEADER_SIZE = 4;

/** A u16 in the fixed part of a request that RM takes only up to a limit. */
interface LimitedField {
  readonly offset: number;
  readonly max: number;
  readonly error: number;
}

function limitedField({ layout }: StructType): LimitedField | undefined {
  for (const { field, offset } of layout) {
    const { max, aboveMax } = field;
    if (max !== undefined && offset !== undefined)
      return { offset, max, error: RmError[aboveMax as keyof typeof RmError] };
  }
  return undefined;
}

/** Reads the fields of a request in front of its first list or optional part, and leaves the others for later. */
export class HeadReader {
  readonly #whole: RequestReader;
  readonly #codec: Codec;
  /** Bytes. */
  readonly #size: number;

  constructor({ label, fields }: StructType, whole: RequestReader) {
    const isFixed = ({ type, presence }: Field) => type.fixedSize !== undefined && presence === undefined;
    const end = fields.findIndex((field) => !isFixed(field));
    const head = end < 0 ? fields : fields.slice(0, end);
    this.#size = head.reduce((sum, { type }) => sum + type.sizeMin, 0);
    this.#codec = codecOf(new StructType(label, this.#size, head)) as Codec;
    this.#whole = whole;
  }

  read(payload: Payload): Values | number {
    const { view, start } = payload;
    return this.#whole.sizeFits(payload)
      ? this.#codec.decode(view, start, start + this.#size)
      : RmError.MSG_INVALID;
  }

  rest(payload: Payload): Rest<Values> {
    return {
      size: payload.end - payload.start - this.#size,
      read: () => this.#whole.read(payload),
    };
  }
}
