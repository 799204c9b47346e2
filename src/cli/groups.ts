import { everyone, linux, qualcomm } from '../../schemas/sources.js';
import type { SourceGroup } from '../docs/sources-text.js';

/** Short names for sources that often occur together (messages.md, "Sources"). */
export const sourceGroups: readonly SourceGroup[] = [
  { name: 'all', sources: everyone },
  { name: 'Linux', sources: linux },
  { name: 'q*', sources: qualcomm },
];
