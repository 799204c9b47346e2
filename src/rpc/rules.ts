import { UsageError } from '../base/error.js';
import { nameLike } from '../base/nearest.js';

/**
 * Rules of a receiver for reassembly, as data. `rm` is from rpc.md, "What a receiver does". The others are from client.md,
 * section 2, and were measured on the client's own code.
 */
export interface ReassemblyRules {
  readonly name: string;
  readonly doc: string;
  /** A continuation must repeat the seq of the message in progress. */
  readonly checksSeq: boolean;
  /** A continuation must repeat the message id. */
  readonly checksId: boolean;
  /** What a continuation that does not match does to the message in progress. */
  readonly misfit: 'keeps' | 'aborts';
  /** A continuation without payload counts as one of the announced continuations. */
  readonly countsEmpty: boolean;
  /** Requests are accepted. A client drops a request without any effect on the message in progress. */
  readonly takesRequests: boolean;
  /** A reply to no outstanding request is dropped without any effect on the message in progress. */
  readonly checksOutstanding: boolean;
}

/** RM's rules. Any receiver that conforms to the protocol has them. */
export const rmRules: ReassemblyRules = {
  name: 'rm',
  doc: 'the resource manager',
  checksSeq: true,
  checksId: true,
  misfit: 'keeps',
  countsEmpty: true,
  takesRequests: true,
  checksOutstanding: false,
};

const mainline: ReassemblyRules = {
  ...rmRules,
  checksSeq: false,
  misfit: 'aborts',
  takesRequests: false,
  checksOutstanding: true,
};

/** All rule sets by name. */
export const rulesByName: Readonly<Record<string, ReassemblyRules>> = {
  rm: rmRules,
  a14: { ...mainline, name: 'a14', doc: 'android14-6.1 client' },
  v17: { ...mainline, name: 'v17', doc: 'v17 patch series client' },
  a15: { ...mainline, name: 'a15', doc: 'android15-6.6 client' },
  q515: {
    ...mainline,
    name: 'q515',
    doc: 'Qualcomm 5.15 client',
    checksId: false,
    misfit: 'keeps',
    countsEmpty: false,
  },
};

/** Throws UsageError for a name that is not one of `rulesByName`. */
export function rulesOf(name: string): ReassemblyRules {
  const names = Object.keys(rulesByName);
  const rules = rulesByName[nameLike(name, names) ?? ''];
  if (rules === undefined) {
    const choice = { what: 'set of rules', names };
    throw new UsageError({ code: 'rules', path: '', expected: names.join(', '), actual: name, choice });
  }
  return rules;
}
