/** One payload: decoded with its issues, as JSON, as JSON text, and its values as people write them. */
export { type DecodedPayload, decodePayload, errorWordSize, replyDependsOnRequest } from './decode.js';
export {
  enumName,
  flagNames,
  isText,
  type Json,
  payloadFieldToJson,
  payloadFromJson,
  payloadToJson,
} from './json.js';
export { formatField, hexRoles, vmidName } from './notation.js';
export { payloadText, payloadTextFunctions } from './text.js';
