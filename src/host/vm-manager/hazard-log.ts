import type { Issue } from '../../base/error.js';
import { type Hazard, hazardRule } from '../hazard.js';
import { vmHazards } from './hazards.js';

/** A fault that the VM manager has made, or something that it could not clean up, and where. */
export interface HazardReport {
  readonly hazard: Hazard;
  /** The rule that `gunyah-rm lint --explain` explains, such as `a14/vmid-lost`. */
  readonly rule: string;
  /** `code` is the hazard's name. `offset` is the address or handle of what `path` names. */
  readonly issue: Issue;
}

/** What shows the hazard. */
type Evidence = Pick<Issue, 'expected' | 'actual'> & { readonly offset?: number };

const leftovers: readonly Hazard[] = [vmHazards.vmid_lost, vmHazards.handle_lost];

/** The hazard reports of one VM. */
export class HazardLog {
  /** RM has something of the VM that the careful manager could not get back. */
  leftBehind = false;
  #reports: HazardReport[] = [];
  readonly #client: string;
  readonly #onReport: (report: HazardReport) => void;

  /** @param client its name in the rules. */
  constructor(client: string, onReport: (report: HazardReport) => void) {
    this.#client = client;
    this.#onReport = onReport;
  }

  /** Oldest first. */
  get reports(): readonly HazardReport[] {
    return this.#reports;
  }

  report(hazard: Hazard, path: string, { offset = 0, expected, actual }: Evidence): void {
    const rule = hazardRule(this.#client, hazard);
    const report = { hazard, rule, issue: { code: hazard.name, path, offset, expected, actual } };
    this.#reports.push(report);
    this.#onReport(report);
  }

  /** Reports something that RM still has. Closing the VM tries again to get it back. */
  leave(hazard: Hazard, path: string, evidence: Evidence): void {
    this.leftBehind = true;
    this.report(hazard, path, evidence);
  }

  /** Drops the reports of what was left behind: the next attempt to clean up makes them again if need be. */
  forgetLeftovers(): void {
    this.leftBehind = false;
    this.#reports = this.#reports.filter(({ hazard }) => !leftovers.includes(hazard));
  }
}
