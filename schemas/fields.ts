import { type FieldOptions, field, u16, u32, u64 } from '../src/schema/index.js';

/**
 * Kinds of fields that many messages have; the caller gives the prose. Public headers disagree on the names of such
 * fields, so the aliases differ from message to message.
 */
type Own = Pick<FieldOptions, 'aliases' | 'info' | 'zero'>;

/** VMID of the VM that a request is about. Some headers call it `target`. */
export const target = (doc: string, own: Own = {}) => vmid(doc, { aliases: ['target'], ...own });

export const vmid = (doc: string, own: Own = {}) =>
  field(u16, doc, { role: 'vmid', info: 'subject', ...own });

export const memHandle = (doc: string, own: Own = {}) =>
  field(u32, doc, { role: 'mem_handle', aliases: ['handle'], info: 'subject', ...own });

export const virqHandle = (doc: string) =>
  field(u32, doc, { role: 'virq_handle', aliases: ['handle'], info: 'subject' });

export const label = (doc: string, own: Own = {}) =>
  field(u32, doc, { role: 'label', info: 'detail', ...own });

/** Guest address. */
export const ipa = (doc: string, own: Own = {}) => field(u64, doc, { role: 'ipa', info: 'at', ...own });

/** Number of bytes, as u64. */
export const size = (doc: string, own: Own = {}) => field(u64, doc, { role: 'size', info: 'what', ...own });
