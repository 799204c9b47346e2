import { field, u16, u32, u64 } from '../src/schema/index.js';

/**
 * Kinds of fields that many messages have; the caller gives the prose. Public headers disagree on the names of such
 * fields, so the aliases differ from message to message.
 */

/** VMID of the VM that a request is about. Some headers call it `target`. */
export const target = (doc: string) => field(u16, doc, { role: 'vmid', aliases: ['target'] });

export const vmid = (doc: string, aliases: readonly string[] = []) =>
  field(u16, doc, { role: 'vmid', aliases });

export const memHandle = (doc: string, aliases: readonly string[] = ['handle']) =>
  field(u32, doc, { role: 'mem_handle', aliases });

export const virqHandle = (doc: string) => field(u32, doc, { role: 'virq_handle', aliases: ['handle'] });

export const label = (doc: string, aliases: readonly string[] = []) =>
  field(u32, doc, { role: 'label', aliases });

/** Guest address. */
export const ipa = (doc: string, aliases: readonly string[] = []) =>
  field(u64, doc, { role: 'ipa', aliases });

/** Number of bytes, as u64. */
export const size = (doc: string, aliases: readonly string[] = []) =>
  field(u64, doc, { role: 'size', aliases });
