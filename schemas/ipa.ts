import {
  call,
  countedList,
  field,
  type Infer,
  listBy,
  maybeEmpty,
  reserved,
  struct,
  u32,
  u64,
  unknownCall,
} from '../src/schema/index.js';
import { ipaAllocType } from './enums.js';
import { ipaGenericConstraints, ipaPlatformConstraints } from './flags.js';
import { limits } from './limits.js';
import { ipaAllocRange, ipaFixedRange } from './structs.js';

export const IPA_RESERVE = call('IPA_RESERVE', {
  id: 0x560000b0,
  doc: "Reserves address ranges in the sender's address space; the sender gives the ranges or lets RM find them.",
  sources: ['RM23', 'q61', 'q66', 'q612'],
  rm23: { length: { min: 16, excess: 'MSG_INVALID' } },
  dialects: [
    {
      sources: ['q61', 'q66', 'q612'],
      text: 'only ALLOC_LIST with one range (48 bytes); a reply that is not 12 bytes: EINVAL; its count is not checked',
    },
  ],
  notes: [
    'The count is declared as u32 on both sides, but RM23 reads it as a list header: the low 16 bits count, the high 16 bits are ignored.',
    "The reply's u64s are packed: the first is at offset 4.",
  ],
  request: struct(16, {
    alloc_type: field(ipaAllocType, 'kind of entries', { info: 'detail' }),
    reserved: reserved(3),
    generic_constraints: field(ipaGenericConstraints, 'memory wanted', { info: 'detail' }),
    platform_constraints: field(ipaPlatformConstraints, 'platform memory wanted', { info: 'detail' }),
    entries: field(
      listBy(
        { field: 'alloc_type', type: ipaAllocType },
        { FIXED_LIST: ipaFixedRange, ALLOC_LIST: ipaAllocRange },
        { max: limits.ipa_list_entries },
      ),
      'ranges',
      { aliases: ['nr_ranges'], info: 'what' },
    ),
  }),
  reply: maybeEmpty(
    struct(4, {
      ipas: field(countedList(u32, 'n_entries', u64), 'address of each range, in order', {
        role: 'ipa',
        info: 'at',
        aliases: ['ipa'],
      }),
    }),
  ),
  presentWhen: { field: 'alloc_type', equals: 'ALLOC_LIST' },
  replyNote: 'FIXED_LIST: the error word alone',
  example: {
    request: {
      alloc_type: 1,
      generic_constraints: 0x40,
      platform_constraints: 0,
      entries: [{ region_base: 0x40000000n, region_size: 0x40000000n, size: 0x200000n, align: 0x200000n }],
    },
    reply: { ipas: [0x40000000n] },
  },
});
export type IpaReserveRequest = Infer<typeof IPA_RESERVE.request>;
export type IpaReserveReply = Infer<typeof IPA_RESERVE.reply>;

export const IPA_UNRESERVE = unknownCall('IPA_UNRESERVE', {
  id: 0x560000b1,
  doc: 'Presumably gives reserved address ranges back.',
  sources: ['RM23'],
  idOnlyIn: ['RM23'],
  notes: ['RM23 logs it and answers UNIMPLEMENTED.'],
});
