/**
 * The compiler: one generated decode and one generated encode function per struct, made from the field types alone,
 * and `annotate`, which explains any bytes. A generated function only knows whether all is well; when it is not, the
 * field types themselves (through restructure's streams) are asked what is wrong and where.
 */
export { type Annotation, annotate, type Range } from './annotate.js';
export { Codec, codecOf } from './codec.js';
export { decodePlain, encodePlain } from './plain.js';
