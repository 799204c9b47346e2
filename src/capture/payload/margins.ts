/** Spaces in front of the lines of fields. */
export const fieldMargin = ' '.repeat(9);
/** Spaces more in front of what is inside a field. */
export const innerMargin = '  ';
