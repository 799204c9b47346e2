import { protocol } from '../../schemas/index.js';
import { provideBuilt } from '../../src/codec/emitter.js';
import { codecOf } from '../../src/codec/index.js';
import { payloadsOf } from '../../src/docs/type-facts.js';
import { builtFunctionsModule } from '../../src/inspector/built-functions.js';

/**
 * Decodes nothing with the codec of every layout, from the functions that the page has built in. Prints how many codecs
 * there were.
 *
 * @throws EvalError when a function is generated.
 */
const text = builtFunctionsModule(protocol);
const { default: functions } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
provideBuilt(functions);
globalThis.Function = new Proxy(Function, {
  construct: () => {
    throw new EvalError('generated');
  },
  apply: () => {
    throw new EvalError('generated');
  },
});
const view = new DataView(new ArrayBuffer(0));
const layouts = [protocol.header, ...protocol.messages.flatMap(payloadsOf)];
for (const type of layouts) codecOf(type).tryDecode(view, 0, 0);
process.stdout.write(`${layouts.length}`);
