import {
  byRequest,
  call,
  countedList,
  empty,
  field,
  type Infer,
  reserved,
  struct,
  u32,
} from '../src/schema/index.js';
import { heapQueryType } from './enums.js';
import { memHandle } from './fields.js';
import { heapStats } from './structs.js';

const heapHandle = field(u32, 'which heap', { role: 'heap_handle', info: 'subject' });

const replyIgnored = [{ sources: ['q612'], text: 'reply payload ignored' }];

export const VM_ADD_HEAP_MEMORY = call('VM_ADD_HEAP_MEMORY', {
  id: 0x51000032,
  doc: 'Adds the memory of a parcel to a heap of the hypervisor that is short of memory.',
  aliases: ['HEAP_ADD_MEMORY'],
  sources: ['q612'],
  dialects: replyIgnored,
  request: struct(12, {
    heap_handle: heapHandle,
    reserved: reserved(4),
    mem_handle: memHandle('memory to add', { aliases: ['memparcel_handle'] }),
  }),
  reply: empty,
  example: { request: { heap_handle: 1, mem_handle: 0x42 }, reply: {} },
});
export type VmAddHeapMemoryRequest = Infer<typeof VM_ADD_HEAP_MEMORY.request>;

export const VM_REMOVE_HEAP_MEMORY = call('VM_REMOVE_HEAP_MEMORY', {
  id: 0x51000033,
  doc: "Takes a parcel's memory out of a heap again, once nothing in the heap uses it.",
  aliases: ['HEAP_REMOVE_MEMORY'],
  sources: ['q612'],
  dialects: replyIgnored,
  request: struct(12, {
    heap_handle: heapHandle,
    reserved: reserved(4),
    mem_handle: memHandle('memory to take back', { aliases: ['memparcel_handle'] }),
  }),
  reply: empty,
  example: { request: { heap_handle: 1, mem_handle: 0x42 }, reply: {} },
});
export type VmRemoveHeapMemoryRequest = Infer<typeof VM_REMOVE_HEAP_MEMORY.request>;

export const VM_QUERY_HEAP_MEMORY = call('VM_QUERY_HEAP_MEMORY', {
  id: 0x51000034,
  doc: 'Reports either which parcels a heap is made of or how full it is.',
  aliases: ['HEAP_QUERY'],
  sources: ['q612'],
  dialects: [
    {
      sources: ['q612'],
      text: 'a reply of another size: EINVAL; an error reply or an empty reply to MP crashes the client; an unknown type is sent',
    },
  ],
  request: struct(8, {
    heap_handle: heapHandle,
    type: field(heapQueryType, 'what to report', { info: 'what' }),
    reserved: reserved(3),
  }),
  reply: byRequest(
    { field: 'type', type: heapQueryType },
    {
      MP: struct(
        4,
        {
          mem_handles: field(countedList(u32, 'n_mp_handles', u32), 'parcels in the heap', {
            role: 'mem_handle',
            info: 'what',
            aliases: ['memparcel_handles'],
          }),
        },
        'heap_parcels',
      ),
      MEM: heapStats,
    },
  ),
  replyNote: 'MP: 4 + 4 x count bytes; MEM: 32 bytes',
  example: { request: { heap_handle: 1, type: 1 }, reply: { mem_handles: [0x42, 0x43] } },
});
export type VmQueryHeapMemoryRequest = Infer<typeof VM_QUERY_HEAP_MEMORY.request>;
export type VmQueryHeapMemoryReply = Infer<typeof VM_QUERY_HEAP_MEMORY.reply>;
