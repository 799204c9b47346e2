import type { BitsType, ListType, ReservedType, StructType, WireType } from '../wire/index.js';
import type { Declared, KeyRule } from './declared.js';

/** The decoded value of a declared type: `Infer<typeof VM_START.request>`. */
export type Infer<T> = T extends { readonly types?: { readonly value: infer V } } ? V : never;
/** What `encode` takes for it: as decoded, but lengths may be left out. */
export type InferInput<T> = T extends { readonly types?: { readonly input: infer I } } ? I : never;

export type EntryOf<E> = E extends WireType ? Infer<E> : never;
export type ListInput<E> = E extends WireType ? InferInput<E> : never;
export type CaseOf<C, W extends 'value' | 'input'> = {
  [K in keyof C]: C[K] extends StructType<infer V, infer I> ? (W extends 'value' ? V : I) : never;
}[keyof C];

type RuleOf<D> =
  D extends Declared<infer T, infer K>
    ? T extends ReservedType
      ? 'reserved'
      : T extends BitsType
        ? 'required'
        : K
    : never;
type TypeOf<D> = D extends Declared<infer T> ? T : never;
type KeysWith<F, K extends KeyRule> = { [N in keyof F]: RuleOf<F[N]> extends K ? N : never }[keyof F];

/** The named header words of a list, whose keys are beside the list's. */
type SecondOf<D> =
  TypeOf<D> extends ListType<unknown, unknown, infer S>
    ? { -readonly [N in Exclude<keyof S, KeysWith<S, 'reserved'>>]: Infer<TypeOf<S[N]>> }
    : Record<never, never>;
type Seconds<F> = Intersect<{ [N in keyof F]: SecondOf<F[N]> }[keyof F]>;
type Intersect<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void
  ? I
  : never;
type HasReserved<T> =
  T extends ListType<unknown, unknown, infer S> ? ('reserved' extends keyof S ? true : false) : false;
/** `<list>_reserved` of lists with a reserved header word. */
type ListReserved<F> = {
  -readonly [N in keyof F as HasReserved<TypeOf<F[N]>> extends true
    ? `${N & string}_reserved`
    : never]?: number;
};
type Flatten<T> = { [K in keyof T]: T[K] } & {};

export type ValueOf<F> = Flatten<
  { -readonly [N in KeysWith<F, 'required' | 'length'>]: Infer<TypeOf<F[N]>> } & {
    -readonly [N in KeysWith<F, 'optional' | 'reserved'>]?: Infer<TypeOf<F[N]>>;
  } & Seconds<F> &
    ListReserved<F>
>;

export type InputOf<F> = Flatten<
  { readonly [N in KeysWith<F, 'required'>]: InferInput<TypeOf<F[N]>> } & {
    readonly [N in KeysWith<F, 'optional' | 'reserved' | 'length'>]?: InferInput<TypeOf<F[N]>>;
  } & Readonly<Seconds<F>> &
    ListReserved<F>
>;
