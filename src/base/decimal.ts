/** Texts of 0..999, without and with leading zeros. */
const short = Array.from({ length: 1000 }, (_, value) => String(value));
const padded = short.map((text) => text.padStart(3, '0'));

/**
 * Decimal text of an integer, as String(value). Use it for numbers that do not repeat. V8 caches the results of String():
 * a cached text outlives its record, and only a collection of the old generation frees it.
 */
export function formatDecimal(value: number): string {
  if (value < 1000 || value >= 1e9) return short[value] ?? String(value);
  const thousands = Math.floor(value / 1000);
  if (thousands < 1000) return `${short[thousands]}${padded[value % 1000]}`;
  return `${short[Math.floor(thousands / 1000)]}${padded[thousands % 1000]}${padded[value % 1000]}`;
}

/** An integer of 0..999999999 with nine digits. */
export function formatNineDigits(value: number): string {
  const thousands = Math.floor(value / 1000);
  return `${padded[Math.floor(thousands / 1000)]}${padded[thousands % 1000]}${padded[value % 1000]}`;
}
