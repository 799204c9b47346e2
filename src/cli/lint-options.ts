import { peerNames } from '../lint/index.js';
import { oneOf } from './options.js';

/** The value of an option that names managers and clients. @throws UsageError for an unknown one. */
export function peerList(text: string): ReadonlySet<string> {
  return new Set(text.split(',').map((name) => oneOf(peerNames, name.trim(), '--peer')));
}
