import type { FileContents } from '../machine/index.js';
import type { ManagerProfile, PlatformProfile } from '../rm/index.js';
import type { Finding, LintNote } from './finding.js';
import type { Rule } from './rule.js';
import { modelRules } from './rules/index.js';

export interface LinterOptions {
  /** The machine that the model runs on. Default: `platforms.native`. */
  readonly platform?: PlatformProfile | undefined;
  /** The manager that the model is. Undefined: the one that the first line names. */
  readonly manager?: ManagerProfile | undefined;
  /** Gives the contents of files that lines load. */
  readonly file: FileContents;
  /** Names of managers and clients whose rules count. Undefined: all. */
  readonly peers?: ReadonlySet<string> | undefined;
  /** Whether findings of a rule are asked for. Undefined: those of all rules are. */
  readonly wants?: ((rule: Rule) => boolean) | undefined;
  /**
   * The lines are made from a capture: memory that no line loads is unknown, and {@link Linter.packet} gets the packets
   * before the lines that are made from them come.
   */
  readonly isCapture: boolean;
  /** Memory that no line loads is empty. Default: it is for recordings. */
  readonly knowsMemory?: boolean;
  /** The lines are the first recording of their file, so that places need not name it. Default: true. */
  readonly isFirst?: boolean;
  readonly finding: (finding: Finding) => void;
  /** Told what cannot be known, unless undefined. */
  readonly note?: ((note: LintNote) => void) | undefined;
  /** Of a capture: the manager's model runs elsewhere. Undefined: it runs here. */
  readonly model?: ModelElsewhere | undefined;
  /** Of a capture: only what the manager's model finds is told, so that another linter has it as its {@link model}. */
  readonly isModelOnly?: boolean;
}

/**
 * What the manager's model finds when another linter runs it, told where this one would find it: nothing that the model
 * does depends on the clients.
 */
export interface ModelElsewhere {
  /** Tells what it has found at the next line, the first one first. After the last line: at the end of the traffic. */
  next(): void;
}

/** Whether the manager's model can find anything that is asked for. */
export function asksForModel({
  peers,
  wants,
  note,
}: Pick<LinterOptions, 'peers' | 'wants' | 'note'>): boolean {
  return note !== undefined || modelRules.some((rule) => wants?.(rule) !== false && isAbout(rule, peers));
}

function isAbout(rule: Rule, peers: ReadonlySet<string> | undefined): boolean {
  return peers === undefined || rule.peers.some((peer) => peers.has(peer));
}
