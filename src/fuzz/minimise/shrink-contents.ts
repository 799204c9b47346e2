import { WireError } from '../../base/error.js';
import { parseFdt, sourceOf, type TreeSource, writeFdt } from '../../devicetree/index.js';
import type { TargetTask } from '../../target/index.js';
import { type Attempt, type Session, withStep } from './pass.js';

/** Removes nodes and properties from devicetrees, and bytes from the end of other contents. */
export function* shrinkContents(session: Session, attempt: Attempt): TargetTask<Session> {
  let current = session;
  for (let index = 0; index < current.length; index++) {
    // Parts before this number were tried and are needed.
    for (let at = 0; ; ) {
      const bytes = contentsAt(current, index);
      const smaller = bytes && smallerContents(bytes, at);
      if (smaller === undefined) break;
      const candidate = withContents(current, index, smaller);
      const kept = yield* attempt(candidate);
      if (kept === undefined) at++;
      else current = kept;
    }
  }
  return current;
}

function contentsAt(session: Session, index: number): Uint8Array | undefined {
  const step = session[index]?.step;
  return step?.kind === 'load' ? step.bytes : undefined;
}

function withContents(session: Session, index: number, bytes: Uint8Array): Session {
  const bound = session[index];
  if (bound?.step.kind !== 'load') return session;
  return withStep(session, index, { ...bound, step: { ...bound.step, bytes } });
}

/** The contents without the part of this number; undefined when there are fewer parts. */
function smallerContents(bytes: Uint8Array, number: number): Uint8Array | undefined {
  const tree = treeOf(bytes);
  if (tree === undefined) {
    const cut = bytes.byteLength >> (number + 1);
    return cut === 0 ? undefined : bytes.subarray(0, bytes.byteLength - cut);
  }
  const left = { count: number };
  const smaller = without(tree, left);
  return left.count < 0 ? writeFdt(smaller) : undefined;
}

function treeOf(bytes: Uint8Array): TreeSource | undefined {
  try {
    return sourceOf(parseFdt(bytes));
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

/**
 * A tree without one of its parts. A node comes before its own parts, so that large parts are tried first.
 *
 * @param left parts before the one to remove; -1 once it was removed.
 */
function without({ properties, children }: TreeSource, left: { count: number }): TreeSource {
  const isGone = () => left.count >= 0 && left.count-- === 0;
  const kept: TreeSource['children'][number][] = [];
  for (const [name, child] of children) if (!isGone()) kept.push([name, without(child, left)]);
  return { properties: properties.filter(() => !isGone()), children: kept };
}
