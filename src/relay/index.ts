/** A relay between peers and a manager: fault rules and answers in its place. Sockets and the clock are in src/node. */
export { type AnswerRule, Answers, readAnswerRule } from './answers.js';
export type { Timing } from './lane.js';
export { Relay, type RelayOptions } from './relay.js';
