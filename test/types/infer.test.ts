import { describe, expectTypeOf, it } from 'vitest';
import type {
  AclEntry,
  AttrEntry,
  AuthParamType,
  aclEntry,
  ExitCode,
  ExitReason,
  ExitType,
  HEADER,
  HeapStats,
  IpaReserveReply,
  IpaReserveRequest,
  idEntry,
  MEM_ACCEPT,
  MemAcceptReply,
  MemAcceptRequest,
  MemLendReply,
  MemNotifyRequest,
  MemSharedPayload,
  MemType,
  SglEntry,
  TransType,
  transType,
  VM_AUTH_IMAGE,
  VM_CONSOLE_WRITE,
  VM_EXITED,
  VM_GET_VMID,
  VM_LOOKUP_NAME,
  VM_SET_TIME_BASE,
  VM_START,
  VmAllocVmidReply,
  VmGetHypResourcesReply,
  VmGetPeersReply,
  VmIrqNotifyRequest,
  VmidEntry,
  VmQueryHeapMemoryReply,
  VmSetTimeBaseErrorReply,
  VmSetTimeBaseRequest,
} from '../../schemas/index.js';
import type { decodeMessage, ListView, MessageView, messageView, Viewed, view } from '../../src/index.js';
import type { Header, Infer, InferInput } from '../../src/schema/index.js';
import type { OtherNumber } from '../../src/wire/integer.js';

// tsc is what checks these; vitest only counts them.
describe('types of decoded values', () => {
  it('has numbers, and reserved words only when they are not zero', () => {
    expectTypeOf<Infer<typeof VM_START.request>>().toEqualTypeOf<{ vmid: number; reserved?: number }>();
    expectTypeOf<AclEntry>().toEqualTypeOf<{ vmid: number; rights: number; reserved?: number }>();
    expectTypeOf<MemLendReply>().toEqualTypeOf<{ mem_handle: number }>();
  });

  it('has the named values of an enum, and any other number', () => {
    expectTypeOf<TransType>().toEqualTypeOf<0 | 1 | 2 | OtherNumber>();
    expectTypeOf<(typeof transType.values)['LEND']>().toEqualTypeOf<1>();
    expectTypeOf(77).toExtend<TransType>();
    expectTypeOf('LEND').not.toExtend<TransType>();
  });

  it('is unknown where any message may come', () => {
    expectTypeOf<ReturnType<typeof decodeMessage>['payload']>().toEqualTypeOf<unknown>();
  });

  it('has no keys for an empty payload', () => {
    expectTypeOf<keyof Infer<typeof VM_GET_VMID.request>>().toEqualTypeOf<never>();
    expectTypeOf<keyof Infer<typeof VM_START.reply>>().toEqualTypeOf<never>();
  });

  it('has bigints for u64, also inside lists', () => {
    expectTypeOf<SglEntry>().toEqualTypeOf<{ ipa: bigint; size: bigint }>();
    expectTypeOf<VmSetTimeBaseRequest>().toEqualTypeOf<{
      vmid: number;
      time_base: bigint;
      arch_timer_ref: bigint;
      reserved?: number;
    }>();
    expectTypeOf<MemSharedPayload['sgl_entries']>().toEqualTypeOf<bigint[]>();
  });

  it('has named header words beside their list, and <list>_reserved for unnamed ones', () => {
    expectTypeOf<MemAcceptRequest>().toEqualTypeOf<{
      mem_handle: number;
      mem_type: MemType;
      trans_type: TransType;
      flags: number;
      label: number;
      acl_entries: AclEntry[];
      map_vmid: number;
      sgl_entries: SglEntry[];
      attr_entries?: AttrEntry[];
      reserved?: number;
      acl_entries_reserved?: number;
      attr_entries_reserved?: number;
    }>();
  });

  it('has no <list>_reserved where nothing but a count stands before the entries', () => {
    expectTypeOf<VmGetPeersReply>().toEqualTypeOf<{ peers: number[] }>();
    expectTypeOf<keyof VmGetHypResourcesReply>().toEqualTypeOf<'entries'>();
    expectTypeOf<Infer<typeof VM_AUTH_IMAGE.request>>().toEqualTypeOf<{
      vmid: number;
      auth_params: { auth_param_type: AuthParamType; auth_param: number }[];
    }>();
  });

  it('makes every key of a reply that may be empty optional', () => {
    expectTypeOf<VmAllocVmidReply>().toEqualTypeOf<{ vmid?: number; reserved?: number }>();
    expectTypeOf<MemAcceptReply>().toEqualTypeOf<{
      flags?: number;
      sgl_entries?: SglEntry[];
      sgl_entries_reserved?: number;
    }>();
  });

  it('makes conditional and trailing fields optional', () => {
    expectTypeOf<MemNotifyRequest>().toEqualTypeOf<{
      mem_handle: number;
      flags: number;
      mem_info_tag: number;
      vmid_entries?: VmidEntry[];
      reserved?: number;
      vmid_entries_reserved?: number;
    }>();
    expectTypeOf<VmIrqNotifyRequest['vmid_entries']>().toEqualTypeOf<VmidEntry[] | undefined>();
    expectTypeOf<ExitReason>().toEqualTypeOf<{
      exit_flags: number;
      exit_code: ExitCode;
      reserved?: number;
      reset_type?: number;
      cookie?: bigint;
    }>();
  });

  it('is a union where another field decides', () => {
    expectTypeOf<IpaReserveRequest['entries'][number]>().toEqualTypeOf<
      | { base: bigint; size: bigint }
      | { region_base: bigint; region_size: bigint; size: bigint; align: bigint }
    >();
    expectTypeOf<IpaReserveRequest['entries_reserved']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<IpaReserveReply>().toEqualTypeOf<{ ipas?: bigint[] }>();
    expectTypeOf<VmQueryHeapMemoryReply>().toEqualTypeOf<{ mem_handles: number[] } | HeapStats>();
  });

  it('has bytes and lengths', () => {
    expectTypeOf<Infer<typeof VM_EXITED.payload>>().toEqualTypeOf<{
      vmid: number;
      exit_type: ExitType;
      exit_reason_size: number;
      exit_reason: Uint8Array;
    }>();
  });

  it('infers error replies', () => {
    expectTypeOf<VmSetTimeBaseErrorReply>().toEqualTypeOf<{ hyp_error: number }>();
    expectTypeOf<
      Infer<NonNullable<typeof VM_SET_TIME_BASE.errorReply>>
    >().toEqualTypeOf<VmSetTimeBaseErrorReply>();
  });

  it('infers the header', () => {
    expectTypeOf<Infer<typeof HEADER>>().toEqualTypeOf<Header>();
  });
});

describe('types of views', () => {
  it('are those of the decoded values, with views of lists', () => {
    expectTypeOf<Viewed<Infer<typeof VM_START.request>>>().toEqualTypeOf<{
      readonly vmid: number;
      readonly reserved?: number;
    }>();
    expectTypeOf<Viewed<TransType>>().toEqualTypeOf<TransType>();
    expectTypeOf<Viewed<MemAcceptRequest>['sgl_entries']>().toEqualTypeOf<
      ListView<{ readonly ipa: bigint; readonly size: bigint }>
    >();
    expectTypeOf<Viewed<MemAcceptRequest>['attr_entries']>().toEqualTypeOf<
      ListView<Viewed<AttrEntry>> | undefined
    >();
    expectTypeOf<Viewed<MemSharedPayload>['sgl_entries']>().toEqualTypeOf<ListView<bigint>>();
    expectTypeOf<Viewed<Infer<typeof VM_EXITED.payload>>['exit_reason']>().toEqualTypeOf<Uint8Array>();
    expectTypeOf<Viewed<ExitReason>['cookie']>().toEqualTypeOf<bigint | undefined>();
    expectTypeOf<Viewed<VmQueryHeapMemoryReply>>().toEqualTypeOf<
      { readonly mem_handles: ListView<number> } | Viewed<HeapStats>
    >();
  });

  it('follow from the declaration', () => {
    expectTypeOf<ReturnType<typeof view<typeof VM_START.request>>>().toEqualTypeOf<
      Viewed<Infer<typeof VM_START.request>>
    >();
    expectTypeOf<ReturnType<typeof messageView<typeof VM_EXITED, 'notification'>>>().toEqualTypeOf<
      MessageView<Infer<typeof VM_EXITED.payload>>
    >();
    expectTypeOf<MessageView<{ vmid: number }>['at']>().returns.toEqualTypeOf<
      { readonly vmid: number } | undefined
    >();
  });
});

describe('types of values to encode', () => {
  it('lets lengths be left out', () => {
    expectTypeOf<{ name: Uint8Array }>().toExtend<InferInput<typeof VM_LOOKUP_NAME.request>>();
    expectTypeOf<{ vmid: number; data: Uint8Array }>().toExtend<
      InferInput<typeof VM_CONSOLE_WRITE.request>
    >();
    expectTypeOf<{ id_type: number; id_info: Uint8Array }>().toExtend<InferInput<typeof idEntry>>();
  });

  it('takes every decoded value back', () => {
    expectTypeOf<MemAcceptRequest>().toExtend<InferInput<typeof MEM_ACCEPT.request>>();
    expectTypeOf<Infer<typeof VM_LOOKUP_NAME.request>>().toExtend<
      InferInput<typeof VM_LOOKUP_NAME.request>
    >();
  });

  it('refuses missing, misspelt and mistyped fields', () => {
    const take = <T>(_value: T) => undefined;
    // @ts-expect-error rights is missing
    take<InferInput<typeof aclEntry>>({ vmid: 3 });
    // @ts-expect-error no field has this name
    take<InferInput<typeof aclEntry>>({ vmid: 3, rights: 7, right: 7 });
    // @ts-expect-error u16 is a number
    take<InferInput<typeof aclEntry>>({ vmid: 3n, rights: 7 });
  });
});
