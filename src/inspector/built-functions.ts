import { digest } from '../base/digest.js';
import { keysOfRecords } from '../capture/keys/index.js';
import { decodeFunctions } from '../codec/compile-decode.js';
import { payloadsOf } from '../docs/type-facts.js';
import { headerFunction } from '../rpc/index.js';
import type { Protocol } from '../schema/index.js';

/**
 * The text of a module with the generated decoders of a protocol. Its default export is the argument of
 * `provideBuilt`. The page needs it because its Content-Security-Policy forbids to generate functions.
 */
export function builtFunctionsModule(protocol: Protocol): string {
  const layouts = protocol.messages.flatMap(payloadsOf);
  const texts = new Set([
    ...[protocol.header, ...layouts].flatMap(decodeFunctions),
    ...keysOfRecords.functionTexts,
    headerFunction(protocol),
  ]);
  const entries = Array.from(texts, (text) => `${JSON.stringify(digest(text))}: ${text}`);
  return `export default {\n${entries.join(',\n')}\n};\n`;
}
