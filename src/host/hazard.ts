/** A fault of a recorded Linux client, which the client here reports instead of repeating it (client.md, section 11). */
export interface Hazard {
  /** Stable name, for programs. */
  readonly name: string;
  /** Clients that have it, by the labels of client.md. */
  readonly clients: readonly string[];
  /**
   * What the real client does. `crash`, `never_returns`, `uninitialised_memory` and `leak` are faults of its memory or
   * its time. `malformed_request`: it sends what RM cannot read. `wrong_request`: it asks RM for something, or accepts
   * something from its caller, that it should not. `wrong_result`: it succeeds with a result that RM did not give.
   */
  readonly effect:
    | 'crash'
    | 'never_returns'
    | 'uninitialised_memory'
    | 'leak'
    | 'malformed_request'
    | 'wrong_request'
    | 'wrong_result';
  readonly doc: string;
  /** It depends on arguments of the caller, or on parts of a list, which traffic does not show. */
  readonly isUnseen?: true;
  /** What its peer, or for a wrong request its caller, should do so that it does not come to this. */
  readonly instead: string;
}

/** Called with each hazard that ends no call: a leak, or a crash while no call is under way. */
export type HazardListener = (hazard: Hazard) => void;

/** Id of the rule of `lint` about a hazard of a client: `a14/short-reply`. */
export function hazardRule(client: string, { name }: Pick<Hazard, 'name'>): string {
  return `${client}/${name.replaceAll('_', '-')}`;
}

/** A table of hazards. The key of a row is the hazard's name. */
export function hazardTable<Name extends string>(
  rows: Readonly<Record<Name, Omit<Hazard, 'name'>>>,
): Readonly<Record<Name, Hazard>> {
  const entries = Object.entries<Omit<Hazard, 'name'>>(rows);
  return Object.fromEntries(entries.map(([name, row]) => [name, { name, ...row }])) as Record<Name, Hazard>;
}
