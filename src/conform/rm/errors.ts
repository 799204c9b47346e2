import type { Case, CaseStep } from '../case.js';
import { ask, casesOf, hex, ok, PAGE, sources, UNKNOWN_HANDLE, UNKNOWN_VMID, vm } from './rows.js';
import { imageOf, stateOf, withImage } from './states.js';

const unknown = { vmid: UNKNOWN_VMID };
/** Requests about a VM that does not exist, with their errors. */
const unknownVm: readonly (readonly [name: string, payload: object, error: string])[] = [
  ['VM_CONFIG_IMAGE', { ...imageOf(), mem_handle: 0, ...unknown }, 'VMID_INVALID'],
  ['VM_AUTH_IMAGE', { ...unknown, auth_params: [] }, 'VMID_INVALID'],
  ['VM_INIT', unknown, 'VMID_INVALID'],
  ['VM_START', unknown, 'VMID_INVALID'],
  ['VM_STOP', { ...unknown, flags: ['FORCE_STOP'], stop_reason: 'FORCE_STOP' }, 'VMID_INVALID'],
  ['VM_RESET', unknown, 'VMID_INVALID'],
  ['VM_GET_STATE', unknown, 'NORESOURCE'],
  ['VM_GET_ID', unknown, 'NORESOURCE'],
  ['VM_GET_CRASH_MSG', unknown, 'VMID_INVALID'],
  ['VM_GET_HYP_RESOURCES', unknown, 'ARGUMENT_INVALID'],
];
/** Requests about an interrupt that nobody has lent. */
const unknownInterrupt: readonly (readonly [name: string, payload: object])[] = [
  ['VM_IRQ_ACCEPT', { virq: 0xffffffff }],
  ['VM_IRQ_RELEASE', {}],
  ['VM_IRQ_RECLAIM', {}],
  ['VM_IRQ_NOTIFY', { flags: ['RELEASED'] }],
];
const wrongImage = (fields: object, error: string): CaseStep[] => [
  ask('VM_CONFIG_IMAGE', { ...imageOf(), ...fields }, [
    { to: 3, type: 'notification', name: 'VM_STATUS', payload: { vm_status: 'INIT_FAILED' } },
    { error },
  ]),
];
const consoles: readonly (readonly [name: string, fields: object])[] = [
  ['VM_CONSOLE_OPEN', {}],
  ['VM_CONSOLE_CLOSE', {}],
  ['VM_CONSOLE_FLUSH', {}],
  ['VM_CONSOLE_WRITE', { data: '41' }],
];

/** What each message refuses. */
export function errorCases(): Case[] {
  return casesOf('errors', 'observed', sources.rm23, [
    ...unknownVm.map(
      ([name, payload, error]) =>
        [
          `${name}-unknown-vm`,
          `${name} of a VM that does not exist is refused with ${error}.`,
          [ask(name, payload, error)],
        ] as const,
    ),
    ...unknownInterrupt.map(
      ([name, payload]) =>
        [
          `${name}-unknown-handle`,
          `${name} of a handle that no interrupt has is refused with HANDLE_INVALID.`,
          [ask(name, { virq_handle: UNKNOWN_HANDLE, ...payload }, 'HANDLE_INVALID')],
        ] as const,
    ),
    ...consoles.map(
      ([name, fields]) =>
        [
          `${name}-no-console`,
          `${name} is refused with ARGUMENT_INVALID where there is no console.`,
          [ask(name, { vmid: 0, ...fields }, 'ARGUMENT_INVALID')],
        ] as const,
    ),
    [
      'VM_ALLOC_VMID-reserved-number',
      'A VMID of HLOS is not free.',
      [ask('VM_ALLOC_VMID', { vmid: 3 }, 'NORESOURCE')],
    ],
    [
      'VM_ALLOC_VMID-too-high',
      'VMIDs by number end at 63.',
      [ask('VM_ALLOC_VMID', { vmid: 64 }, 'NORESOURCE')],
    ],
    [
      'VM_ALLOC_VMID-dynamic',
      'A dynamic VMID cannot be asked for.',
      [ask('VM_ALLOC_VMID', { vmid: 130 }, 'NORESOURCE')],
    ],
    [
      'VM_GET_STATE-self',
      'VMID 0 is the sender itself.',
      [ask('VM_GET_STATE', { vmid: 0 }, [ok({ vm_status: 'RUNNING' })])],
    ],
    [
      'VM_CONFIG_IMAGE-unknown-parcel',
      'The image must be in a parcel of the VM.',
      wrongImage({ mem_handle: UNKNOWN_HANDLE }, 'MEM_INVALID'),
      withImage,
    ],
    [
      'VM_CONFIG_IMAGE-image-outside',
      'The image must be inside the parcel.',
      wrongImage({ image_size: '0x2001000' }, 'ARGUMENT_INVALID'),
      withImage,
    ],
    [
      'VM_CONFIG_IMAGE-tree-outside',
      'The devicetree must be inside the parcel.',
      wrongImage({ dtb_offset: '0x2000000' }, 'ARGUMENT_INVALID'),
      withImage,
    ],
    [
      'VM_CONFIG_IMAGE-wraps',
      'Offset and size must not wrap.',
      wrongImage({ image_offset: '0xfffffffffffff000', image_size: '0x2000' }, 'ARGUMENT_INVALID'),
      withImage,
    ],
    [
      'VM_GET_HYP_RESOURCES-unconfigured',
      'A VM without configuration has no resources.',
      [ask('VM_GET_HYP_RESOURCES', { vmid: vm }, 'NORESOURCE')],
      stateOf.LOAD,
    ],
    [
      'VM_LOOKUP_NAME-nobody',
      'A name that no VM has is not found.',
      [ask('VM_LOOKUP_NAME', { name: 'nobody' }, [ok({ vmid_entries: [] })])],
    ],
    [
      'VM_IRQ_LEND-not-bound',
      'Only interrupts of the sender can be lent.',
      [ask('VM_IRQ_LEND', { borrower: 255, virq: 5000, label: 0 }, 'IRQ_INVALID')],
    ],
    [
      'FW_MILESTONE-twice',
      'The milestone is reached once.',
      [ask('FW_MILESTONE', {}, [{}]), ask('FW_MILESTONE', {}, 'DENIED')],
    ],
    [
      'FW_SET_VM_FIRMWARE-after-milestone',
      'Firmware is set before the milestone.',
      [
        ask('FW_MILESTONE', {}, [{}]),
        ask(
          'FW_SET_VM_FIRMWARE',
          { auth_mech: 'QCOM_ANDROID_PVM', mem_handle: 0, image_offset: '0x0', image_size: hex(PAGE) },
          'DENIED',
        ),
      ],
    ],
  ]);
}
