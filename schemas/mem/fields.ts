import { field, list, u32 } from '../../src/schema/index.js';
import { limits } from '../limits.js';
import { aclEntry, attrEntry, sglEntry } from '../structs.js';

/** Entries that RM takes in one list. */
export const max = limits.mem_list_entries;

export const aclEntries = (doc: string) => field(list(aclEntry, { max }), doc, { info: 'to' });
export const sglEntries = (doc: string) => field(list(sglEntry, { max }), doc, { info: 'what' });
/** RM takes a payload that ends before the attributes; whether writers leave their header out differs. */
export const attrEntries = (doc: string) =>
  field(list(attrEntry, { max }), doc, { trailing: true, means: 'empty' });

export const tag = (doc: string) => field(u32, doc, { role: 'tag', info: 'detail' });
