import type { MessagePart } from '../export/parts.js';
import type { Protocol } from '../schema/index.js';
import type { StructType } from '../wire/index.js';
import type { Plan } from './build.js';
import { grownTo, resized, sizeOf, type VariablePart, variableParts } from './growth.js';

/**
 * A plan with the longest lists and texts in at most `sizeMax` bytes: as long as RM accepts them or, if RM has no
 * limit, as long as the format can carry.
 */
export function largest(layout: StructType, plan: Plan, sizeMax: number): Plan {
  const parts = variableParts(layout);
  const limited = parts.filter(({ limit }) => limit !== undefined);
  let result = limited.reduce((sum, { field, max }) => resized(sum, field.name, max), plan);
  if (sizeOf(layout, result) > sizeMax) result = plan;
  for (const part of parts.filter(({ limit }) => limit === undefined)) {
    const full = resized(result, part.field.name, part.max);
    const fits = part.max * part.step < sizeMax && sizeOf(layout, full) <= sizeMax;
    result = fits ? full : (grownTo(layout, result, part, sizeMax) ?? result);
  }
  return result;
}

/**
 * Payloads whose size is at a limit of framing (rpc.md, "Fragmentation"): the longest in one queue message and the
 * shortest in two (232 and 233 bytes, if the message can have these sizes), the longest request that Linux sends and
 * the longest payload of the format. Each form is named by its size. Sizes of `longest` bytes have a form already.
 */
export function edgeForms(
  protocol: Protocol,
  { layout, type, part }: MessagePart,
  base: Plan,
  longest: number,
): [string, Plan][] {
  const { content, linux_max_request: linuxMax, max_payload: formatMax } = protocol.limits;
  const word = type === 'reply' ? 4 : 0;
  const targets: [number, boolean?][] = [
    [content],
    [content + 1, true],
    ...(part === 'request' ? [[linuxMax] as [number]] : []),
    [formatMax],
  ];
  return targets.flatMap(([target, atLeast]): [string, Plan][] => {
    const plan = planOfSize(layout, base, target - word, atLeast);
    const size = plan === undefined ? longest : sizeOf(layout, plan);
    return plan === undefined || size === longest ? [] : [[`bytes_${size + word}`, plan]];
  });
}

/** Makes a payload of `target` bytes: lengthens the list or text that can grow most, then the others. */
function planOfSize(layout: StructType, base: Plan, target: number, atLeast = false): Plan | undefined {
  const parts = variableParts(layout).sort((a, b) => capacity(b) - capacity(a));
  const [main, ...others] = parts;
  if (main === undefined) return undefined;
  const last = others.at(-1) ?? main;
  let plan = grownTo(layout, base, main, target, atLeast && main === last);
  for (const part of others) plan = plan && grownTo(layout, plan, part, target, atLeast && part === last);
  return plan;
}

function capacity({ field, max }: VariablePart): number {
  const { type } = field;
  const entry = 'entry' in type ? (type.entry as { fixedSize?: number }).fixedSize : 1;
  return max * (entry ?? 1);
}
