import type { Rule } from './rule.js';

/** Where a finding is: the step of a recording, or the packet of a capture and its message. */
export interface Place {
  /** As `replay` counts. */
  readonly step?: number;
  /** The scenario of the step, unless it is the first of its file. */
  readonly scenario?: string;
  /** Number of the packet in the capture, from 1. */
  readonly frame?: number;
  /** Number of the message, as `decode` counts. */
  readonly no?: number;
}

/** A range of the bytes of a message. */
export interface Passage {
  /** Payload, in replies from after the error word. */
  readonly payload: Uint8Array;
  /** The field is the bytes [offset, end) of the payload. If the two are equal, no field is concerned. */
  readonly offset: number;
  readonly end: number;
  /** The field; empty when none is concerned. */
  readonly path: string;
}

/** The message that a finding is about, and which of its bytes. */
export interface Evidence {
  /** `HLOS > RM request VM_RESET seq 4: VM 128`. */
  readonly headline: string;
  readonly passage: Passage;
}

/** Something that will hurt somebody. */
export interface Finding {
  readonly place: Place;
  readonly rule: Rule;
  /** Those of the rule's peers that were asked for. */
  readonly peers: readonly string[];
  readonly text: string;
  readonly evidence: Evidence | undefined;
}

/** Something that cannot be known from the traffic. */
export interface LintNote {
  readonly place: Place;
  readonly note: string;
}
