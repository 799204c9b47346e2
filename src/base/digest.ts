/** Start values of the two halves. Any odd constants would work. */
const LANES = [0x811c9dc5, 0x9e3779b9] as const;
const FNV_PRIME = 0x01000193;

/** A 64-bit hash of a text, as text: two FNV-1a. Not cryptographic: collisions can be constructed. */
export function digest(text: string): string {
  return LANES.map((lane) => {
    let hash: number = lane;
    for (let index = 0; index < text.length; index++) {
      hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
      hash ^= hash >>> 15;
    }
    return (hash >>> 0).toString(36);
  }).join('-');
}
