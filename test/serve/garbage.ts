import type { Random } from '../random.js';

/** Queue messages that the manager takes no notice of, and never answers. */
export function garbageMessage(random: Random): Uint8Array {
  const below = (limit: number) => random.below(limit);
  const bytes = (size: number) => Uint8Array.from({ length: size }, () => below(256));
  const withType = (type: number, fragments: number) => {
    const message = bytes(8 + below(233));
    message[0] = 0x21;
    message[1] = type | (fragments << 2);
    return message;
  };
  switch (below(6)) {
    case 0:
      return bytes(below(8));
    case 1: {
      const message = bytes(8 + below(233));
      if (message[0] === 0x21) message[0] = 0x22;
      return message;
    }
    case 2:
      return bytes(241 + below(3000));
    case 3:
      return withType(1, 63);
    case 4:
      return withType(0, below(63));
    default:
      return withType(2 + below(2), below(63));
  }
}
