import type { RecordContents } from '../capture/records/index.js';
import type { Place } from './finding.js';
import type { Rule } from './rule.js';

/** The model has died of a message that is about something in doubt. */
export interface Suspect {
  readonly place: Place;
  readonly rule: Rule;
  readonly record: RecordContents;
}

/**
 * Waits for what tells whether a manager that was seen has died where the model did: it answers nothing, no other message
 * comes that it might have died of instead, and then the machine boots again.
 */
export class Suspicion {
  #suspect: Suspect | undefined;
  /** RM has sent something since the boot: the capture has both directions. */
  #hasSpoken = false;

  /** The model has died of the last message that was sent so far. */
  begin(suspect: Suspect): void {
    this.#suspect = suspect;
  }

  /** Another step. @param asks a VM sent something. @returns the suspect, when it cannot be known any more. */
  step(asks: boolean, speaks: boolean): Suspect | undefined {
    if (speaks) this.#hasSpoken = true;
    if (!asks && !speaks) return undefined;
    return this.#take();
  }

  /**
   * The boot ends.
   *
   * @param boots the machine boots again; else the traffic ends, and an answer may only be missing.
   * @returns the suspect, and whether the manager has died of it.
   */
  end(boots: boolean): { readonly suspect: Suspect; readonly hasDied: boolean } | undefined {
    const suspect = this.#take();
    const hasDied = this.#hasSpoken && boots;
    this.#hasSpoken = false;
    return suspect && { suspect, hasDied };
  }

  #take(): Suspect | undefined {
    const suspect = this.#suspect;
    this.#suspect = undefined;
    return suspect;
  }
}
