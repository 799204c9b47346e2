/**
 * Tests in `*.part.test.ts` cost much. `npm test` does a part of each, `npm run test:tools` sets this variable and does
 * all of it.
 */
export const isWhole = process.env.GUNYAH_RM_TESTS === 'whole';

const PART = 10;

/** A number of runs, or of what happens in them: in the first stage a tenth of it. */
export function budget(whole: number): number {
  return isWhole ? whole : Math.ceil(whole / PART);
}

/** Items to test: in the first stage every tenth. */
export function partOf<T>(items: readonly T[]): readonly T[] {
  return isWhole ? items : items.filter((_, index) => index % PART === 0);
}
