import type { SiteKind } from '../message/message-shape.js';

/** The rule that a value breaks. */
export type Rule =
  | 'length'
  | 'count'
  | 'reserved'
  | 'enum'
  | 'flag'
  | 'alignment'
  | 'range'
  | 'duplicate'
  | 'owner'
  | 'stale'
  | 'future'
  | 'state'
  | 'sender'
  | 'id'
  | 'padding'
  | 'framing'
  | 'none';

/** A kind of value that a site can have, and the rule that it breaks; `none`: it is allowed and rare. */
export interface ValueClass {
  readonly name: string;
  readonly rule: Rule;
}

const one = (rule: Rule, ...names: string[]): ValueClass[] => names.map((name) => ({ name, rule }));

/** What values each kind of site can have besides those that are right for what is asked. */
export const classesOf: Readonly<Record<SiteKind, readonly ValueClass[]>> = {
  reserved: one('reserved', 'nonzero', 'ones'),
  enum: [...one('none', 'other'), ...one('enum', 'next', 'ones')],
  flags: [...one('none', 'none', 'other'), ...one('flag', 'all', 'unknown', 'ones')],
  length: one('length', 'zero', 'more', 'less', 'ones'),
  vmid: [
    ...one('owner', 'zero', 'hlos', 'manager', 'sender', 'other'),
    ...one('stale', 'stale'),
    ...one('future', 'future'),
    ...one('range', 'secondary', 'unlisted', 'any'),
  ],
  mem_handle: [
    ...one('stale', 'stale'),
    ...one('future', 'future'),
    ...one('owner', 'other'),
    ...one('range', 'ones'),
  ],
  virq_handle: [
    ...one('stale', 'stale'),
    ...one('future', 'future'),
    ...one('owner', 'other'),
    ...one('range', 'zero', 'ones'),
  ],
  virq: [...one('owner', 'other'), ...one('range', 'zero', 'private', 'virtual', 'sign', 'ones')],
  address: [
    ...one('alignment', 'byte', 'half_page'),
    ...one('owner', 'other'),
    ...one('range', 'zero', 'page_on', 'page_back', 'wide', 'sign', 'ones', 'last_page'),
  ],
  size: [
    ...one('alignment', 'byte', 'half_page'),
    ...one('range', 'zero', 'page_on', 'page_back', 'block', 'wide', 'sign', 'ones', 'last_page'),
  ],
  plain: one('none', 'zero', 'one', 'sign', 'ones', 'random'),
  list: [
    ...one(
      'count',
      'empty',
      'declared_more',
      'declared_less',
      'declared_ones',
      'declared_max',
      'longest',
      'too_long',
    ),
    ...one('duplicate', 'duplicate'),
    ...one('none', 'split', 'reversed'),
  ],
  bytes: [...one('padding', 'padding'), ...one('length', 'longest'), ...one('none', 'garbage')],
  optional: one('length', 'left_out', 'put_in'),
  message: one(
    'length',
    'no_payload',
    'cut_byte',
    'cut_word',
    'cut_half',
    'extra_byte',
    'extra_word',
    'largest',
    'garbage',
    'flipped',
  ),
  sender: one('sender', 'hlos', 'other', 'any'),
  state: one('state', 'any', 'again'),
  frames: one(
    'framing',
    'api_version',
    'header_words',
    'continuation',
    'reply',
    'notification',
    'fragments_more',
    'fragments_less',
    'fragments_most',
    'seq_between',
    'id_between',
    'truncated',
    'empty',
    'oversized',
    'repeated',
    'reversed',
    'dropped',
    'interleaved',
    'one_by_one',
    'in_parts',
    'abandoned',
  ),
};
