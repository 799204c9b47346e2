import type { MessagePart } from '../export/parts.js';
import type { Protocol } from '../schema/index.js';
import type { StructType } from '../wire/index.js';
import type { Plan } from './build.js';
import { type Growing, growingParts, grown, resized, sizeOf } from './growth.js';

/** Every list and text as long as RM takes it, the one without a limit as long as the format carries it. */
export function largest(layout: StructType, plan: Plan, room: number): Plan {
  const parts = growingParts(layout);
  const limited = parts.filter(({ limit }) => limit !== undefined);
  let result = limited.reduce((sum, { field, max }) => resized(sum, field.name, max), plan);
  if (sizeOf(layout, result) > room) result = plan;
  for (const part of parts.filter(({ limit }) => limit === undefined)) {
    const full = resized(result, part.field.name, part.max);
    const small = part.max * part.step < room && sizeOf(layout, full) <= room;
    result = small ? full : (grown(layout, result, part, room) ?? result);
  }
  return result;
}

/**
 * Payloads at the places where framing changes: the longest in one queue message and the shortest in two (232 and 233
 * bytes where the message can have them), the longest request that Linux sends and the longest that the format carries
 * (rpc.md, "Fragmentation"), unless that is `longest` and so another form. Named by the size that they have.
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
    const plan = reach(layout, base, target - word, atLeast);
    const size = plan === undefined ? longest : sizeOf(layout, plan);
    return plan === undefined || size === longest ? [] : [[`bytes_${size + word}`, plan]];
  });
}

/** The list or text that grows most, grown as far as it can, and the others by what is left. */
function reach(layout: StructType, base: Plan, target: number, atLeast = false): Plan | undefined {
  const parts = growingParts(layout).sort((a, b) => capacity(b) - capacity(a));
  const [main, ...others] = parts;
  if (main === undefined) return undefined;
  const last = others.at(-1) ?? main;
  let plan = grown(layout, base, main, target, atLeast && main === last);
  for (const part of others) plan = plan && grown(layout, plan, part, target, atLeast && part === last);
  return plan;
}

function capacity({ field, max }: Growing): number {
  const { type } = field;
  const entry = 'entry' in type ? (type.entry as { fixedSize?: number }).fixedSize : 1;
  return max * (entry ?? 1);
}
