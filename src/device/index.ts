/** Scripts that record RM's messages on a device, and how they get there. */
export {
  type ExtcapInterface,
  extcapConfigText,
  extcapInterfaces,
  extcapInterfaceText,
  extcapLinkText,
  extcapLogMessage,
} from './extcap.js';
export { kernels } from './kernels.js';
export { cleaningScript, kernelByName, METHODS, type Method, methodsOf, recordingScript } from './methods.js';
export { bestRecording, type DeviceFacts, parseProbe, probeScript } from './probe.js';
export { quote } from './script.js';
export { parseTarget, type Target, targetCommand } from './target.js';
