import type { Level, LintForm, Rule } from '../../../lint/index.js';
import { isAtLeast } from '../../../lint/index.js';
import type { ManagerProfile, PlatformProfile } from '../../../rm/index.js';
import type { FileAt } from '../../options.js';

/** What a command line asks for. */
export interface LintOptions {
  readonly peer?: ReadonlySet<string>;
  readonly level: Level;
  readonly ignore: readonly string[];
  readonly format: LintForm;
  readonly json?: true;
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly platform: PlatformProfile;
  readonly manager?: ManagerProfile;
  readonly load: readonly FileAt[];
  readonly allowOutside?: true;
  readonly notes?: true;
  readonly rules?: true;
  readonly explain?: string;
  readonly jobs: number;
}

/** Whether the findings of a rule are asked for. */
export function wantsRule({ level, ignore }: Pick<LintOptions, 'level' | 'ignore'>): (rule: Rule) => boolean {
  const ignored = new Set(ignore);
  return (rule) => isAtLeast(rule.level, level) && !ignored.has(rule.id);
}
