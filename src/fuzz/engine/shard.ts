import { UsageError } from '../../base/error.js';

/** One of several runs that share the cases of a campaign. */
export interface Shard {
  /** 0 .. count - 1. */
  readonly index: number;
  readonly count: number;
}

export const wholeCampaign: Shard = { index: 0, count: 1 };

/** Variables that tell a process which one of several it is, and how many there are. */
const sources: readonly {
  readonly index: string;
  readonly first: string | number;
  readonly count?: string;
}[] = [
  // Kubernetes, Job with completionMode Indexed.
  { index: 'JOB_COMPLETION_INDEX', first: 0 },
  { index: 'SLURM_ARRAY_TASK_ID', first: 'SLURM_ARRAY_TASK_MIN', count: 'SLURM_ARRAY_TASK_COUNT' },
  // GNU parallel.
  { index: 'PARALLEL_SEQ', first: 1 },
];

type Variables = { readonly [name: string]: string | undefined };

/**
 * The value of `--shard`: `i/n` with i from 1 to n, or `auto` or `auto/n`, where variables of a cluster say which one it is.
 *
 * @throws UsageError
 */
export function readShard(text: string, variables: Variables): Shard {
  const [, which = '', of] = /^(auto|\d+)(?:\/(\d+))?$/.exec(text) ?? [];
  const found = which === 'auto' ? fromVariables(variables) : { index: Number(which) - 1, count: undefined };
  const count = of === undefined ? found?.count : Number(of);
  const index = found?.index;
  if (which !== '' && index !== undefined && count !== undefined && index >= 0 && index < count)
    return { index, count };
  throw new UsageError({
    code: 'option',
    path: '--shard',
    expected: `i/n with i from 1 to n, or auto/n with ${sources.map((one) => one.index).join(', ')}`,
    actual:
      which === 'auto'
        ? `${text} with ${index === undefined ? 'none of them' : `number ${index + 1}`}`
        : text,
  });
}

function fromVariables(
  variables: Variables,
): { readonly index: number; readonly count: number | undefined } | undefined {
  for (const { index: name, first, count } of sources) {
    const value = natural(variables[name]);
    if (value === undefined) continue;
    const lowest = typeof first === 'number' ? first : (natural(variables[first]) ?? 0);
    return { index: value - lowest, count: count === undefined ? undefined : natural(variables[count]) };
  }
  return undefined;
}

function natural(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** As on the command line. */
export function shardText({ index, count }: Shard): string {
  return `${index + 1}/${count}`;
}

/** Name of a shard's folder in the folder of the campaign. */
export function shardFolder({ index, count }: Shard): string {
  return `shard-${index + 1}-of-${count}`;
}

/** One of so many parts of a shard. */
export function partOf(shard: Shard, part: number, parts: number): Shard {
  return { index: shard.index + part * shard.count, count: shard.count * parts };
}
