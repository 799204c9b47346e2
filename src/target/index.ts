/**
 * Managers to speak to: what can be put to one (a step), what it does then (a response), and tasks that work with any of
 * them. The simulated one is here; programs and sockets are in src/node.
 */

export { frameId, headerOf, longAt, REPLY_FIELDS, wordAt } from '../machine/index.js';
export type { Connection, ConnectionEvents, Connector, Told } from './connection.js';
export { LineServer } from './line-server.js';
export { type LineCommand, readFrameWords, readLine, readReceived, writeLine } from './lines.js';
export { type ProgramEnd, readProgramEnd, writeProgramEnd } from './program-end.js';
export { recordedLine } from './recorded.js';
export { SimTarget, type SimTargetOptions } from './sim.js';
export { SimConnector } from './sim-connector.js';
export { type Ending, type Response, type Step, stepKinds } from './step.js';
export type { LocalTarget, RemoteTarget, Target } from './target.js';
export {
  Batch,
  type Command,
  emptyResponse,
  LocalRunner,
  runInSlices,
  runLocally,
  runRemotely,
  type TargetTask,
} from './task.js';
