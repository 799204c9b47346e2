/**
 * Generates one decode and one encode function per struct from its field types. A generated function only tells whether
 * the value or the bytes are valid. If they are not, the field types decode or encode again and report what is wrong and
 * where. `annotate` explains any bytes.
 */
export { type Annotation, annotate, diagnose, type Range, trailingIssue } from './annotate.js';
export { Codec, codecOf } from './codec.js';
export type { ListView } from './list-view.js';
export { decodePlain, encodePlain } from './plain.js';
export { prefixedWrap, View, type Viewed, view } from './view.js';
