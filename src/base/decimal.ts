/** 0..999 as they are, and with leading zeros. */
const short = Array.from({ length: 1000 }, (_, value) => String(value));
const padded = short.map((text) => text.padStart(3, '0'));

/**
 * Decimal text of an integer, as String(value). Meant for numbers that do not repeat: the engine keeps the texts of the
 * numbers it printed lately, so that each of them outlives its record and ends as garbage in the old generation.
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
