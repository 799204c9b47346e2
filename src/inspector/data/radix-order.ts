const digitBits = 16;
const digits = 1 << digitBits;

/**
 * The indices of numbers in ascending or descending order; NaN comes last in both, and equal numbers stay in their order.
 * A radix sort: half a million numbers take some 20 ms, a tenth of a sort with a function that compares.
 *
 * @param values is overwritten
 */
export function radixOrder(values: Float64Array, descending: boolean): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  const little = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  toSortableBits(values, words, little ? 1 : 0, descending);
  let order = Uint32Array.from({ length: values.length }, (_, index) => index);
  let next = new Uint32Array(values.length);
  for (let digit = 0; digit < 4; digit++) {
    const word = digit < 2 === little ? 0 : 1;
    const shift = (digit % 2) * digitBits;
    const counts = new Uint32Array(digits);
    for (let at = word; at < words.length; at += 2) {
      const value = ((words[at] as number) >>> shift) & (digits - 1);
      counts[value] = (counts[value] as number) + 1;
    }
    // All numbers have the same digit.
    if (counts.includes(values.length)) continue;
    let sum = 0;
    for (let value = 0; value < digits; value++) {
      const count = counts[value] as number;
      counts[value] = sum;
      sum += count;
    }
    for (const index of order) {
      const value = ((words[2 * index + word] as number) >>> shift) & (digits - 1);
      const place = counts[value] as number;
      counts[value] = place + 1;
      next[place] = index;
    }
    [order, next] = [next, order];
  }
  return order;
}

/** Makes the bits of doubles into unsigned numbers of 64 bits in the wanted order. @param high index of the high word */
function toSortableBits(values: Float64Array, words: Uint32Array, high: number, descending: boolean): void {
  const flip = descending ? 0xffffffff : 0;
  for (let at = 0; at < values.length; at++) {
    const own = 2 * at;
    if (Number.isNaN(values[at])) {
      words[own] = 0xffffffff;
      words[own + 1] = 0xffffffff;
      continue;
    }
    // Both zeros are equal.
    if (values[at] === 0) values[at] = 0;
    const top = words[own + high] as number;
    const isNegative = top >>> 31 === 1;
    words[own + high] = (isNegative ? ~top : top ^ 0x80000000) ^ flip;
    const low = words[own + 1 - high] as number;
    words[own + 1 - high] = (isNegative ? ~low : low) ^ flip;
  }
}
