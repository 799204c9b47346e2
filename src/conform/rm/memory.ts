import type { Case, CaseStep, Expectation, Level } from '../case.js';
import {
  acceptanceOf,
  ask,
  type CaseRow,
  casesOf,
  HLOS,
  hex,
  MEMORY,
  ok,
  PAGE,
  parcel,
  parcelOf,
  reclaim,
  sources,
  UNKNOWN_HANDLE,
  UNKNOWN_VMID,
  vm,
} from './rows.js';
import { stateOf } from './states.js';

type Fields = Readonly<Record<string, unknown>>;
const RWX = ['X', 'W', 'R'];
/** An entry of an ACL. */
const to = (vmid: unknown, rights: readonly unknown[] = RWX) => ({ vmid, rights });
const page = (index: number, pages = 1) => ({ ipa: hex(MEMORY + index * PAGE), size: hex(pages * PAGE) });

/** Payload of MEM_LEND to the VM. */
function lent(fields: Fields = {}): object {
  return parcelOf({ label: 3, acl_entries: [to(vm)], sgl_entries: [page(0)], ...fields });
}

/** Payload of MEM_SHARE with the VM. */
function shared(fields: Fields = {}): object {
  return lent({ acl_entries: [to(HLOS, ['W', 'R']), to(vm, ['W', 'R'])], ...fields });
}

const lend = ask('MEM_LEND', lent(), 'OK', { as: 'parcel' });
const share = ask('MEM_SHARE', shared(), 'OK', { as: 'parcel' });
const back = reclaim(parcel);
const invalid = 'ARGUMENT_INVALID';

/** What is wrong with a request that makes a parcel, and its error. */
const wrong: readonly (readonly [what: string, rule: string, fields: Fields, error: string])[] = [
  ['no-acl', 'A parcel needs a receiver.', { acl_entries: [] }, invalid],
  ['no-memory', 'A parcel needs memory.', { sgl_entries: [] }, invalid],
  ['same-vm-twice', 'No VM may be twice in the ACL.', { acl_entries: [to(vm), to(vm)] }, invalid],
  ['unknown-vm', 'Receivers must exist.', { acl_entries: [to(UNKNOWN_VMID)] }, invalid],
  ['no-rights', 'Rights must not be empty.', { acl_entries: [to(vm, [])] }, invalid],
  ['rights-write-only', 'Rights must have R.', { acl_entries: [to(vm, ['W'])] }, invalid],
  ['rights-execute-only', 'Rights must have R.', { acl_entries: [to(vm, ['X'])] }, invalid],
  ['rights-unknown-bit', 'Rights have three bits.', { acl_entries: [to(vm, [15])] }, invalid],
  ['io-executable', 'Memory of type IO is not executable.', { mem_type: 'IO' }, invalid],
  ['owner-in-acl', 'The owner must not be in the ACL of a loan.', { acl_entries: [to(HLOS)] }, invalid],
  [
    'address-unaligned',
    'Addresses are aligned to pages.',
    { sgl_entries: [{ ipa: hex(MEMORY + 8), size: hex(PAGE) }] },
    invalid,
  ],
  [
    'size-unaligned',
    'Sizes are whole pages.',
    { sgl_entries: [{ ipa: hex(MEMORY), size: '0x800' }] },
    invalid,
  ],
  [
    'address-too-high',
    'Addresses are below 2^44.',
    { sgl_entries: [{ ipa: '0x100000000000', size: hex(PAGE) }] },
    invalid,
  ],
  ['size-0', 'A region is not empty.', { sgl_entries: [{ ipa: hex(MEMORY), size: '0x0' }] }, 'MEM_INVALID'],
  [
    'not-owned',
    'The sender must own the memory.',
    { sgl_entries: [{ ipa: '0x40000000', size: hex(PAGE) }] },
    'MEM_INVALID',
  ],
  ['overlap', 'Regions of a parcel do not overlap.', { sgl_entries: [page(0, 2), page(1)] }, 'MEM_INVALID'],
  [
    'attribute-of-another-vm',
    'Attributes are for VMs of the ACL.',
    { attr_entries: [{ vmid: HLOS, attr: 0 }] },
    'VMID_INVALID',
  ],
  ['attribute-unknown', 'Attributes are 0 to 3.', { attr_entries: [{ vmid: vm, attr: 4 }] }, invalid],
  [
    'attribute-device',
    'Normal memory has no device attribute.',
    { attr_entries: [{ vmid: vm, attr: 1 }] },
    invalid,
  ],
  [
    'attribute-twice',
    'A VM has one attribute.',
    { attr_entries: Array(2).fill({ vmid: vm, attr: 3 }) },
    invalid,
  ],
];

const handleRequests: readonly (readonly [name: string, fields: object])[] = [
  ['MEM_RECLAIM', { flags: [] }],
  ['MEM_RELEASE', { flags: [] }],
  ['MEM_NOTIFY', { flags: ['SHARED'], mem_info_tag: 0, vmid_entries: [{ vmid: vm }] }],
  ['MEM_APPEND', { flags: ['END'], sgl_entries: [page(4)] }],
  ['MEM_ACCEPT', acceptanceOf({ trans_type: 'LEND', label: 3 })],
];
const append = (fields: Fields, expect: CaseStep['expect']) =>
  ask('MEM_APPEND', { mem_handle: parcel, flags: ['END'], sgl_entries: [page(4)], ...fields }, expect);
const begun = ask('MEM_LEND', lent({ flags: ['APPEND'] }), 'OK', { as: 'parcel' });
const lookUp = (fields: Fields, expect: CaseStep['expect']) => {
  const { mem_type, acl_entries, sgl_entries, attr_entries } = lent(fields) as Fields;
  return ask('MEM_QCOM_LOOKUP_SGL', { mem_type, label: 3, acl_entries, sgl_entries, attr_entries }, expect);
};
const sameParcel: Expectation = ok({ mem_handle: parcel });

/** Cases that begin with a VM that was just allocated. */
function casesWithVm(level: Level, rows: readonly CaseRow[]): Case[] {
  return casesOf('memory', level, sources.rm23, rows, stateOf.LOAD);
}

/** Parcels of memory. */
export function memoryCases(): Case[] {
  return [
    ...casesWithVm('required', [
      ['lend', 'Memory can be lent and taken back.', [lend, back]],
      ['share', 'Memory can be shared and taken back.', [share, back]],
      [
        'owned-again',
        'Memory that was taken back can be given away again.',
        [lend, back, ask('MEM_LEND', lent(), 'OK', { as: 'second' })],
      ],
      [
        'lent-once',
        'Memory that is lent cannot be lent again.',
        [lend, ask('MEM_LEND', lent(), 'MEM_INVALID')],
      ],
      [
        'shared-once',
        'Memory that is shared cannot be lent.',
        [share, ask('MEM_LEND', lent(), 'MEM_INVALID')],
      ],
      [
        'refused-gives-back',
        'A request that is refused leaves the memory with its owner.',
        [ask('MEM_LEND', lent({ sgl_entries: [page(0), page(0)] }), 'MEM_INVALID'), lend],
      ],
      ['reclaim-twice', 'A handle ends with MEM_RECLAIM.', [lend, back, reclaim(parcel, 'HANDLE_INVALID')]],
      ['append', 'A parcel can be made in pieces.', [begun, append({}, 'OK'), back]],
      [
        'append-in-two',
        'Several pieces can follow.',
        [begun, append({ flags: [] }, 'OK'), append({ sgl_entries: [page(6)] }, 'OK'), back],
      ],
      [
        'append-behind-end',
        'Nothing can be appended behind the last piece.',
        [begun, append({}, 'OK'), append({ sgl_entries: [page(6)] }, 'DENIED')],
      ],
      [
        'append-complete',
        'Nothing can be appended to a parcel that was made whole.',
        [lend, append({}, 'DENIED')],
      ],
    ]),
    ...casesWithVm(
      'observed',
      wrong.flatMap(([what, rule, fields, error]) => [
        [
          `lend-${what}`,
          `${rule} MEM_LEND answers ${error}.`,
          [ask('MEM_LEND', lent(fields), error)],
        ] as const,
        ...(['acl_entries', 'attr_entries'].some((key) => key in fields) || what === 'io-executable'
          ? []
          : [
              [
                `share-${what}`,
                `${rule} MEM_SHARE answers ${error}.`,
                [ask('MEM_SHARE', shared(fields), error)],
              ] as const,
            ]),
      ]),
    ),
    ...casesWithVm('observed', [
      [
        'share-without-owner',
        'The owner must be in the ACL of what it shares.',
        [ask('MEM_SHARE', lent(), invalid)],
      ],
      [
        'donate-to-two',
        'Memory is donated to one VM.',
        [ask('MEM_DONATE', lent({ acl_entries: [to(vm), to(255)] }), invalid)],
      ],
      [
        'donate-with-less',
        'Memory is donated with all rights.',
        [ask('MEM_DONATE', lent({ acl_entries: [to(vm, ['R'])] }), 'DENIED')],
      ],
      [
        'sanitize-io',
        'IO memory cannot be sanitised.',
        [
          ask(
            'MEM_LEND',
            lent({ mem_type: 'IO', flags: ['SANITIZE'], acl_entries: [to(vm, ['W', 'R'])] }),
            invalid,
          ),
        ],
      ],
      ...handleRequests.map(
        ([name, fields]) =>
          [
            `${name}-unknown-handle`,
            `${name} of a handle that no parcel has is refused with HANDLE_INVALID.`,
            [ask(name, { mem_handle: UNKNOWN_HANDLE, ...fields }, 'HANDLE_INVALID')],
          ] as const,
      ),
      ['append-nothing', 'MEM_APPEND needs memory.', [begun, append({ sgl_entries: [] }, invalid)]],
      [
        'release-by-owner',
        'The owner of a parcel cannot release it.',
        [share, ask('MEM_RELEASE', { mem_handle: parcel, flags: [] }, 'DENIED')],
      ],
      [
        'release-by-stranger',
        'Only VMs of the ACL can release a parcel.',
        [lend, ask('MEM_RELEASE', { mem_handle: parcel, flags: [] }, 'HANDLE_INVALID')],
      ],
      [
        'notify-two-flags',
        'MEM_NOTIFY says one thing.',
        [
          lend,
          ask(
            'MEM_NOTIFY',
            { mem_handle: parcel, flags: 3, mem_info_tag: 0, vmid_entries: [{ vmid: vm }] },
            invalid,
          ),
        ],
      ],
      [
        'notify-nothing',
        'MEM_NOTIFY says one thing.',
        [lend, ask('MEM_NOTIFY', { mem_handle: parcel, flags: 0, mem_info_tag: 0 }, invalid)],
      ],
      ['look-up', 'A parcel is found by what it was made of.', [lend, lookUp({}, [sameParcel])]],
      [
        'look-up-other-memory',
        'Other memory is not found.',
        [lend, lookUp({ sgl_entries: [page(1)] }, 'LOOKUP_FAILED')],
      ],
      [
        'look-up-other-rights',
        'Other rights are not found.',
        [lend, lookUp({ acl_entries: [to(vm, ['R'])] }, 'LOOKUP_FAILED')],
      ],
    ]),
  ];
}
