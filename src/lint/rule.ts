/** How bad a finding is, worst first. */
export const levels = ['fatal', 'corrupts', 'leaks', 'hangs', 'suspicious'] as const;
export type Level = (typeof levels)[number];

/** Whether a level is `least` or worse. */
export function isAtLeast(level: Level, least: Level): boolean {
  return levels.indexOf(level) <= levels.indexOf(least);
}

/** A rule of `lint`. */
export interface Rule {
  /** `rm23/vm-dealloc-unknown-vmid`, `q61/short-reply`, `wire/truncated`, `life/parcel-never-reclaimed`. */
  readonly id: string;
  readonly level: Level;
  /** Whom it hits: names of managers and clients. */
  readonly peers: readonly string[];
  /** One sentence: what happens, and in which state. */
  readonly why: string;
  /** Where the fact comes from. */
  readonly source: string;
  /** What to do instead. */
  readonly instead: string;
  /**
   * Who finds it. `client`: the clients' models, from what RM sends to them. `library`: it depends on what the user of a
   * client does, which traffic does not show; the client of this library reports it.
   */
  readonly foundBy: 'traffic' | 'client' | 'library';
}

/** A name as rules have it: `vm_reset_two_rpcs` → `vm-reset-two-rpcs`. */
export function ruleName(name: string): string {
  return name.replaceAll('_', '-');
}
