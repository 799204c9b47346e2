import type { Case, CaseStep, Expectation } from '../case.js';
import {
  ask,
  casesOf,
  HLOS,
  hex,
  MEMORY,
  ok,
  PAGE,
  parcel,
  sources,
  UNKNOWN_HANDLE,
  UNKNOWN_VMID,
  vm,
} from './rows.js';
import { stateOf } from './states.js';

type Fields = Readonly<Record<string, unknown>>;
const RWX = ['X', 'W', 'R'];
const allocated = stateOf.LOAD;
const page = (index: number, pages = 1) => ({ ipa: hex(MEMORY + index * PAGE), size: hex(pages * PAGE) });

/** Payload of MEM_LEND to the VM. */
function lent(fields: Fields = {}): Fields {
  return {
    mem_type: 'NORMAL',
    flags: [],
    label: 3,
    acl_entries: [{ vmid: vm, rights: RWX }],
    sgl_entries: [page(0)],
    attr_entries: [],
    ...fields,
  };
}

/** Payload of MEM_SHARE with the VM. */
function shared(fields: Fields = {}): Fields {
  const own = { vmid: HLOS, rights: ['W', 'R'] };
  return lent({ acl_entries: [own, { vmid: vm, rights: ['W', 'R'] }], ...fields });
}

const lend = ask('MEM_LEND', lent(), 'OK', { as: 'parcel' });
const share = ask('MEM_SHARE', shared(), 'OK', { as: 'parcel' });
const reclaim = ask('MEM_RECLAIM', { mem_handle: parcel, flags: [] }, 'OK');
const invalid = 'ARGUMENT_INVALID';

/** What is wrong with a request that makes a parcel, and its error. */
const wrong: readonly (readonly [what: string, rule: string, fields: Fields, error: string])[] = [
  ['no-acl', 'A parcel needs a receiver.', { acl_entries: [] }, invalid],
  ['no-memory', 'A parcel needs memory.', { sgl_entries: [] }, invalid],
  [
    'same-vm-twice',
    'No VM may be twice in the ACL.',
    {
      acl_entries: [
        { vmid: vm, rights: RWX },
        { vmid: vm, rights: RWX },
      ],
    },
    invalid,
  ],
  ['unknown-vm', 'Receivers must exist.', { acl_entries: [{ vmid: UNKNOWN_VMID, rights: RWX }] }, invalid],
  ['no-rights', 'Rights must not be empty.', { acl_entries: [{ vmid: vm, rights: [] }] }, invalid],
  ['rights-write-only', 'Rights must have R.', { acl_entries: [{ vmid: vm, rights: ['W'] }] }, invalid],
  ['rights-execute-only', 'Rights must have R.', { acl_entries: [{ vmid: vm, rights: ['X'] }] }, invalid],
  ['rights-unknown-bit', 'Rights have three bits.', { acl_entries: [{ vmid: vm, rights: [15] }] }, invalid],
  ['io-executable', 'Memory of type IO is not executable.', { mem_type: 'IO' }, invalid],
  [
    'owner-in-acl',
    'The owner must not be in the ACL of a loan.',
    { acl_entries: [{ vmid: HLOS, rights: RWX }] },
    invalid,
  ],
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
    {
      attr_entries: [
        { vmid: vm, attr: 3 },
        { vmid: vm, attr: 3 },
      ],
    },
    invalid,
  ],
];

const handleRequests: readonly (readonly [name: string, fields: Fields])[] = [
  ['MEM_RECLAIM', { flags: [] }],
  ['MEM_RELEASE', { flags: [] }],
  ['MEM_NOTIFY', { flags: ['SHARED'], mem_info_tag: 0, vmid_entries: [{ vmid: vm }] }],
  ['MEM_APPEND', { flags: ['END'], sgl_entries: [page(4)] }],
  [
    'MEM_ACCEPT',
    {
      mem_type: 'NORMAL',
      trans_type: 'LEND',
      flags: [],
      label: 3,
      acl_entries: [],
      map_vmid: 0,
      sgl_entries: [],
      attr_entries: [],
    },
  ],
];
const append = (fields: Fields, expect: CaseStep['expect']) =>
  ask('MEM_APPEND', { mem_handle: parcel, flags: ['END'], sgl_entries: [page(4)], ...fields }, expect);
const begun = ask('MEM_LEND', lent({ flags: ['APPEND'] }), 'OK', { as: 'parcel' });
const lookUp = (fields: Fields, expect: CaseStep['expect']) => {
  const { mem_type, acl_entries, sgl_entries, attr_entries } = lent(fields) as Record<string, unknown>;
  return ask('MEM_QCOM_LOOKUP_SGL', { mem_type, label: 3, acl_entries, sgl_entries, attr_entries }, expect);
};
const sameParcel: Expectation = ok({ mem_handle: parcel });

/** Parcels of memory. */
export function memoryCases(): Case[] {
  return [
    ...casesOf('memory', 'required', sources.rm23, [
      ['lend', 'Memory can be lent and taken back.', [lend, reclaim], allocated],
      ['share', 'Memory can be shared and taken back.', [share, reclaim], allocated],
      [
        'owned-again',
        'Memory that was taken back can be given away again.',
        [lend, reclaim, ask('MEM_LEND', lent(), 'OK', { as: 'second' })],
        allocated,
      ],
      [
        'lent-once',
        'Memory that is lent cannot be lent again.',
        [lend, ask('MEM_LEND', lent(), 'MEM_INVALID')],
        allocated,
      ],
      [
        'shared-once',
        'Memory that is shared cannot be lent.',
        [share, ask('MEM_LEND', lent(), 'MEM_INVALID')],
        allocated,
      ],
      [
        'refused-gives-back',
        'A request that is refused leaves the memory with its owner.',
        [ask('MEM_LEND', lent({ sgl_entries: [page(0), page(0)] }), 'MEM_INVALID'), lend],
        allocated,
      ],
      [
        'reclaim-twice',
        'A handle ends with MEM_RECLAIM.',
        [lend, reclaim, ask('MEM_RECLAIM', { mem_handle: parcel, flags: [] }, 'HANDLE_INVALID')],
        allocated,
      ],
      ['append', 'A parcel can be made in pieces.', [begun, append({}, 'OK'), reclaim], allocated],
      [
        'append-in-two',
        'Several pieces can follow.',
        [begun, append({ flags: [] }, 'OK'), append({ sgl_entries: [page(6)] }, 'OK'), reclaim],
        allocated,
      ],
      [
        'append-behind-end',
        'Nothing can be appended behind the last piece.',
        [begun, append({}, 'OK'), append({ sgl_entries: [page(6)] }, 'DENIED')],
        allocated,
      ],
      [
        'append-complete',
        'Nothing can be appended to a parcel that was made whole.',
        [lend, append({}, 'DENIED')],
        allocated,
      ],
    ]),
    ...casesOf(
      'memory',
      'observed',
      sources.rm23,
      wrong.flatMap(([what, rule, fields, error]) => [
        [
          `lend-${what}`,
          `${rule} MEM_LEND answers ${error}.`,
          [ask('MEM_LEND', lent(fields), error)],
          allocated,
        ] as const,
        ...(['acl_entries', 'attr_entries'].some((key) => key in fields) || what === 'io-executable'
          ? []
          : [
              [
                `share-${what}`,
                `${rule} MEM_SHARE answers ${error}.`,
                [ask('MEM_SHARE', shared(fields), error)],
                allocated,
              ] as const,
            ]),
      ]),
    ),
    ...casesOf('memory', 'observed', sources.rm23, [
      [
        'share-without-owner',
        'The owner must be in the ACL of what it shares.',
        [ask('MEM_SHARE', lent(), invalid)],
        allocated,
      ],
      [
        'donate-to-two',
        'Memory is donated to one VM.',
        [
          ask(
            'MEM_DONATE',
            lent({
              acl_entries: [
                { vmid: vm, rights: RWX },
                { vmid: 255, rights: RWX },
              ],
            }),
            invalid,
          ),
        ],
        allocated,
      ],
      [
        'donate-with-less',
        'Memory is donated with all rights.',
        [ask('MEM_DONATE', lent({ acl_entries: [{ vmid: vm, rights: ['R'] }] }), 'DENIED')],
        allocated,
      ],
      [
        'sanitize-io',
        'IO memory cannot be sanitised.',
        [
          ask(
            'MEM_LEND',
            lent({ mem_type: 'IO', flags: ['SANITIZE'], acl_entries: [{ vmid: vm, rights: ['W', 'R'] }] }),
            invalid,
          ),
        ],
        allocated,
      ],
      ...handleRequests.map(
        ([name, fields]) =>
          [
            `${name}-unknown-handle`,
            `${name} of a handle that no parcel has is refused with HANDLE_INVALID.`,
            [ask(name, { mem_handle: UNKNOWN_HANDLE, ...fields }, 'HANDLE_INVALID')],
            allocated,
          ] as const,
      ),
      [
        'append-nothing',
        'MEM_APPEND needs memory.',
        [begun, append({ sgl_entries: [] }, invalid)],
        allocated,
      ],
      [
        'release-by-owner',
        'The owner of a parcel cannot release it.',
        [share, ask('MEM_RELEASE', { mem_handle: parcel, flags: [] }, 'DENIED')],
        allocated,
      ],
      [
        'release-by-stranger',
        'Only VMs of the ACL can release a parcel.',
        [lend, ask('MEM_RELEASE', { mem_handle: parcel, flags: [] }, 'HANDLE_INVALID')],
        allocated,
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
        allocated,
      ],
      [
        'notify-nothing',
        'MEM_NOTIFY says one thing.',
        [lend, ask('MEM_NOTIFY', { mem_handle: parcel, flags: 0, mem_info_tag: 0 }, invalid)],
        allocated,
      ],
      ['look-up', 'A parcel is found by what it was made of.', [lend, lookUp({}, [sameParcel])], allocated],
      [
        'look-up-other-memory',
        'Other memory is not found.',
        [lend, lookUp({ sgl_entries: [page(1)] }, 'LOOKUP_FAILED')],
        allocated,
      ],
      [
        'look-up-other-rights',
        'Other rights are not found.',
        [lend, lookUp({ acl_entries: [{ vmid: vm, rights: ['R'] }] }, 'LOOKUP_FAILED')],
        allocated,
      ],
    ]),
  ];
}
