import type { ByteWriter } from '../../base/byte-writer.js';
import { formatHex, hexPieces, parseHex } from '../../base/hex.js';
import { jsonText } from '../../base/json.js';
import { formatDuration, formatTime, parseTime } from '../../base/time.js';
import type { Limits, Protocol } from '../../schema/index.js';
import { type Clock, clocks } from '../packets/index.js';
import { hexSchema, type Json, type JsonSchema, refuse, vmidName } from '../payload/index.js';
import {
  durations,
  hexTexts,
  leaf,
  namesOnly,
  numbers,
  type PathNode,
  sizes,
  texts,
  times,
  vms,
} from './notation.js';
import { writeNs } from './time.js';

/** How the values of a key stand in NDJSON. `Given` is what a line read back gives, where that is another type. */
export interface KeyKind<T, Given = T> {
  /** With a `name` only what stands under that name in the value is needed. */
  toJson(value: T, protocol: Protocol, name?: string): Json;
  /** The value in words, as a cell of a table shows it. Without it that is the text of the JSON. */
  toWords?(value: T, protocol: Protocol): string;
  /** The same text as `jsonText(toJson(...))`, made faster. */
  toText?(value: T, protocol: Protocol): string;
  /** Writes the same text. For keys that many lines have. */
  write?(value: T, writer: ByteWriter, protocol: Protocol): void;
  /** The same text in pieces. For keys whose text may be as large as a packet. */
  toPieces?(value: T): Iterable<string>;
  /** The value that a line gives. Throws WireError with `path` when the JSON is not of this kind. */
  fromJson(json: unknown, path: string, protocol: Protocol): Given;
  schema(protocol: Protocol): JsonSchema;
  /** What a filter may compare, and how people write it. */
  paths(protocol: Protocol): PathNode;
  /**
   * A capture has few different values, so that what is written of them is worth keeping: numbers of at least 0, the texts
   * of a list, or texts that follow from another key.
   */
  readonly repeats?: 'number' | 'text' | readonly string[];
  /** Values are integers, written as their decimal text. */
  readonly isDecimal?: true;
  /** The values are numbers, which a table sets flush right and compares by size. */
  readonly isNumber?: boolean;
}

/** What writes the values of a kind. */
export function writeOf<T>(kind: KeyKind<T, unknown>): Required<KeyKind<T>>['write'] {
  if (kind.write !== undefined) return kind.write;
  return (value, writer, protocol) => {
    const json = kind.toText === undefined ? kind.toJson(value, protocol) : undefined;
    if (typeof json === 'string') writer.json(json);
    else writer.text(kind.toText?.(value, protocol) ?? jsonText(json));
  };
}

/** Integers from `min` to `max`. A line may also have 0 where `min` is 1: `decode --frames` prints such counts. */
export function integer(min: number, max: number | keyof Limits = Number.MAX_SAFE_INTEGER): KeyKind<number> {
  const maxOf = ({ limits }: Protocol) => (typeof max === 'number' ? max : limits[max]);
  return {
    isNumber: true,
    toJson: (value) => value,
    isDecimal: true,
    write: (value, writer) => writer.decimal(value),
    fromJson(json, path, protocol) {
      if (typeof json !== 'number' || !Number.isInteger(json)) return refuse(path, 'integer', json);
      return json >= 0 && json <= maxOf(protocol)
        ? json
        : refuse(path, `0..${maxOf(protocol)}`, json, 'range');
    },
    schema(protocol) {
      const maximum = maxOf(protocol);
      return {
        type: 'integer',
        minimum: min,
        ...(maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum }),
      };
    },
    paths: () => leaf(numbers),
  };
}

export const count = integer(1);
export const size: KeyKind<number> = { ...integer(0), paths: () => leaf(sizes) };
export const u16 = integer(0, 0xffff);
export const vmid: KeyKind<number> = {
  ...u16,
  repeats: 'number',
  isNumber: false,
  toWords: (value, protocol) => vmidName(protocol, value) ?? String(value),
  paths: (protocol) => leaf(vms(protocol)),
};

/** A duration in nanoseconds, which may be negative. */
export const duration: KeyKind<number> = {
  ...size,
  toWords: formatDuration,
  fromJson: (json, path) => (Number.isInteger(json) ? (json as number) : refuse(path, 'integer', json)),
  schema: () => ({ type: 'integer' }),
  paths: () => leaf(durations),
};

/** True, or absent. */
export const flag: KeyKind<true, boolean> = {
  toJson: (value) => value,
  write: (_, writer) => writer.text('true'),
  fromJson: (json, path) => (typeof json === 'boolean' ? json : refuse(path, 'true', json)),
  schema: () => ({ const: true }),
  paths: () => leaf(namesOnly('value', ['true'])),
};

/** Nanoseconds since 1970 UTC, printed as ISO 8601 with nine decimals. A line may give null for an unknown time. */
export const time: KeyKind<bigint, bigint | undefined> = {
  toJson: formatTime,
  write: writeNs,
  fromJson(json, path) {
    if (json === null) return undefined;
    const value = typeof json === 'string' ? parseTime(json) : undefined;
    return value ?? refuse(path, 'a time such as 2023-11-14T22:13:20.005000000Z', json);
  },
  schema: () => ({
    type: 'string',
    pattern: '^-?\\d{4,}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z$',
  }),
  paths: () => leaf(times),
};

/** Bytes as hex text. */
export const hex: KeyKind<Uint8Array> = {
  toJson: (value) => formatHex(value),
  write(value, writer) {
    writer.text('"');
    writer.hex(value, 0, value.length);
    writer.text('"');
  },
  *toPieces(value) {
    yield '"';
    yield* hexPieces(value);
    yield '"';
  },
  fromJson: (json, path) =>
    (typeof json === 'string' ? parseHex(json) : undefined) ?? refuse(path, 'hex text', json),
  schema: () => hexSchema,
  paths: () => leaf(hexTexts),
};

/** Clocks of times that are not UTC. */
export const clock: KeyKind<Clock> = {
  repeats: clocks,
  toJson: (value) => value,
  fromJson: (json, path) => clocks.find((name) => name === json) ?? refuse(path, clocks.join(', '), json),
  schema: () => ({ enum: [...clocks] }),
  paths: () => leaf(namesOnly('clock', clocks)),
};

export const text: KeyKind<string> = {
  toJson: (value) => value,
  fromJson: (json, path) => (typeof json === 'string' ? json : refuse(path, 'text', json)),
  schema: () => ({ type: 'string' }),
  paths: () => leaf(texts),
};

/** Undefined is null. */
export function orNull<T, Given>(kind: KeyKind<T, Given>): KeyKind<T | undefined, Given | undefined> {
  return {
    toJson: (value, protocol) => (value === undefined ? null : kind.toJson(value, protocol)),
    write(value, writer, protocol) {
      if (value === undefined) writer.text('null');
      else writeOf(kind)(value, writer, protocol);
    },
    fromJson: (json, path, protocol) => (json === null ? undefined : kind.fromJson(json, path, protocol)),
    schema: (protocol) => ({ anyOf: [kind.schema(protocol), { type: 'null' }] }),
    paths: (protocol) => kind.paths(protocol),
  };
}

export function list<T, Given>(kind: KeyKind<T, Given>): KeyKind<readonly T[], readonly Given[]> {
  return {
    toJson: (values, protocol) => values.map((value) => kind.toJson(value, protocol)),
    write(values, writer, protocol) {
      const write = writeOf(kind);
      writer.text('[');
      for (let index = 0; index < values.length; index++) {
        if (index > 0) writer.text(',');
        write(values[index] as T, writer, protocol);
      }
      writer.text(']');
    },
    fromJson(json, path, protocol) {
      if (!Array.isArray(json)) return refuse(path, 'array', json);
      return json.map((item, index) => kind.fromJson(item, `${path}[${index}]`, protocol));
    },
    schema: (protocol) => ({ type: 'array', items: kind.schema(protocol) }),
    paths: (protocol) => kind.paths(protocol),
  };
}
