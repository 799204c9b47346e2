/** One payload: decoded with its issues, as JSON, as JSON text, and its values as people write them. */

export type { Cut, CutPayloadWriter } from './cut.js';
export { cutLinesWriter } from './cut-lines.js';
export {
  type DecodedPayload,
  decodedSizeMax,
  decodePayload,
  errorWordSize,
  meaningOf,
  replyDependsOnRequest,
  withErrorWord,
} from './decode.js';
export {
  functionsOf,
  type MessageFunctions,
  type PayloadFunctions,
  type ProtocolFunctions,
} from './functions.js';
export {
  enumName,
  flagNames,
  isText,
  type Json,
  payloadFields,
  payloadFieldToJson,
  payloadFromJson,
  payloadToJson,
} from './json.js';
export { type JsonWriter, jsonWriter } from './json-writer.js';
export { fieldMargin, innerMargin } from './margins.js';
export { formatField, hexRoles, unitText, vmidName } from './notation.js';
export { refuse } from './refuse.js';
export { hexSchema, type JsonSchema, payloadSchema, structSchema } from './schema.js';
export { constantName, type PayloadWriter } from './struct-writer.js';
export { payloadText } from './text.js';
export { valueNamed, valueNames } from './value-names.js';
export { JsonReader, payloadWriter } from './wire-json.js';
export { linesWriter } from './wire-lines.js';
