import type { Case, Expectation } from '../case.js';
import {
  acceptanceOf,
  ask,
  casesOf,
  HLOS,
  hex,
  image,
  MEMORY,
  ok,
  PAGE,
  parcel,
  parcelOf,
  reclaim,
  sources,
  status,
  vm,
} from './rows.js';
import { exited, stateOf, transitions } from './states.js';

const own = { vmid: HLOS, rights: ['W', 'R'] };
const share = ask(
  'MEM_SHARE',
  parcelOf({
    label: 9,
    acl_entries: [own, { vmid: vm, rights: ['W', 'R'] }],
    sgl_entries: [{ ipa: hex(MEMORY), size: hex(2 * PAGE) }],
  }),
  'OK',
  { as: 'parcel' },
);
const accept = ask(
  'MEM_ACCEPT',
  acceptanceOf({ mem_handle: parcel, trans_type: 'SHARE', flags: ['DONE'], label: 9 }),
  'OK',
  { from: vm },
);
const release = ask('MEM_RELEASE', { mem_handle: parcel, flags: [] }, 'OK', { from: vm });
const notify = (flag: string, expect: readonly Expectation[], from: typeof vm | number) =>
  ask(
    'MEM_NOTIFY',
    {
      mem_handle: parcel,
      flags: [flag],
      mem_info_tag: 44,
      ...(flag === 'SHARED' ? { vmid_entries: [{ vmid: vm }] } : {}),
    },
    expect,
    { from },
  );
const tellVm: Expectation = {
  to: vm,
  type: 'notification',
  name: 'MEM_SHARED',
  payload: { mem_handle: parcel },
};
const tellHlos = (name: string): Expectation => ({
  to: HLOS,
  type: 'notification',
  name,
  payload: { mem_handle: parcel, vmid: vm, mem_info_tag: 44 },
});
const shared = [...stateOf.RUNNING, share];
const accepted = [...shared, notify('SHARED', [tellVm, ok()], HLOS), accept];
const shutdown = { vmid: vm, flags: [], stop_reason: 'SHUTDOWN' };
const open = (from: typeof vm | number, vmid: unknown) => ask('VM_CONSOLE_OPEN', { vmid }, 'OK', { from });
const chars = (to: typeof vm | number, from: unknown): Expectation => ({
  to,
  type: 'notification',
  name: 'VM_CONSOLE_CHARS',
  payload: { from, data: '6869' },
});

/** Who is told what, and when. */
export function notificationCases(): Case[] {
  return [
    ...casesOf('notifications', 'required', sources.rm23, [
      ['shared', 'MEM_NOTIFY tells the VMs that it names.', [notify('SHARED', [tellVm, ok()], HLOS)], shared],
      [
        'accepted',
        'A VM tells the owner that it has accepted.',
        [notify('ACCEPTED', [tellHlos('MEM_ACCEPTED'), ok()], vm)],
        accepted,
      ],
      [
        'released',
        'A VM tells the owner that it has released.',
        [release, notify('RELEASED', [tellHlos('MEM_RELEASED'), ok()], vm)],
        accepted,
      ],
      ['stopped', 'The owner learns that its VM has ended, and how.', [transitions.stop], stateOf.RUNNING],
      [
        'exit',
        'The owner learns that a VM has ended itself.',
        [
          ask(
            'VM_EXIT',
            { exit_flags: 0, exit_code: 'NORMAL' },
            // Where VMs are real, the one that has exited does not take the reply (rm23-qemu, length_vm_exit).
            [status('EXITED'), exited('VM_EXIT'), { ...ok(), isOptional: true }],
            { from: vm },
          ),
        ],
        stateOf.RUNNING,
      ],
      [
        'shutdown',
        'VM_STOP without force asks the VM, with the reason.',
        [
          ask('VM_STOP', shutdown, [
            { to: vm, type: 'notification', name: 'VM_SHUTDOWN', payload: { stop_reason: 'SHUTDOWN' } },
            ok(),
          ]),
        ],
        stateOf.RUNNING,
      ],
      [
        'console-to-vm',
        'What the owner writes reaches the console of the VM.',
        [ask('VM_CONSOLE_WRITE', { vmid: vm, data: '6869' }, [chars(vm, 0), ok()])],
        [...stateOf.RUNNING, open(HLOS, vm), open(vm, 0)],
      ],
      [
        'console-to-owner',
        'What the VM writes reaches its owner.',
        [ask('VM_CONSOLE_WRITE', { vmid: 0, data: '6869' }, [chars(HLOS, vm), ok()], { from: vm })],
        [...stateOf.RUNNING, open(HLOS, vm), open(vm, 0)],
      ],
      [
        'console-closed',
        'What is written to a closed console is dropped.',
        [ask('VM_CONSOLE_WRITE', { vmid: vm, data: '6869' }, 'OK')],
        [...stateOf.RUNNING, open(HLOS, vm)],
      ],
    ]),
    ...casesOf('notifications', 'observed', sources.rm23, [
      [
        'numbers',
        'Notifications are numbered from 0, one after the other.',
        [
          ask('VM_INIT', { vmid: vm }, [{ ...status('READY'), seq: 1 }, ok()]),
          ask('VM_START', { vmid: vm }, [{ ...status('RUNNING'), seq: 2 }, ok()]),
        ],
        stateOf.INIT,
        'boot',
      ],
      [
        'accept-tells-nobody',
        'MEM_ACCEPT alone tells nobody.',
        [accept],
        [...shared, notify('SHARED', [tellVm, ok()], HLOS)],
      ],
      [
        'tag-stays',
        'The tag of a parcel cannot change.',
        [
          ask(
            'MEM_NOTIFY',
            { mem_handle: parcel, flags: ['SHARED'], mem_info_tag: 45, vmid_entries: [{ vmid: vm }] },
            'ARGUMENT_INVALID',
          ),
        ],
        accepted,
      ],
      [
        'console-not-open',
        'Only who has opened a console writes to it.',
        [ask('VM_CONSOLE_WRITE', { vmid: vm, data: '41' }, 'DENIED')],
        stateOf.RUNNING,
      ],
    ]),
    ...casesOf('memory', 'required', sources.rm23, [
      ['accept', 'A VM of the ACL can accept a parcel, and gets its addresses.', [accept], shared],
      ['accept-twice', 'A VM accepts a parcel once.', [{ ...accept, expect: 'DENIED' }], accepted],
      ['release', 'A VM can release what it has accepted.', [release], accepted],
      [
        'release-twice',
        'A VM releases a parcel once.',
        [release, { ...release, expect: 'MEM_RELEASED' }],
        accepted,
      ],
      [
        'reclaim-in-use',
        'A parcel that a VM has accepted is not taken back.',
        [reclaim(parcel, 'MEM_INUSE')],
        accepted,
      ],
      ['reclaim-released', 'A parcel that was released is taken back.', [release, reclaim(parcel)], accepted],
      [
        'reclaim-by-receiver',
        'Only the owner takes a parcel back.',
        [reclaim(parcel, 'DENIED', { from: vm })],
        accepted,
      ],
    ]),
    ...casesOf('senders', 'observed', sources.rm23, [
      ...(['VM_STOP', 'VM_RESET'] as const).map(
        (name) =>
          [
            `${name}-of-HLOS-by-a-VM`,
            `${name} of a VM that the sender does not own is refused with VMID_INVALID.`,
            [
              ask(name, name === 'VM_STOP' ? { ...shutdown, vmid: HLOS } : { vmid: HLOS }, 'VMID_INVALID', {
                from: vm,
              }),
            ],
            stateOf.RUNNING,
          ] as const,
      ),
      [
        'VM_START-of-HLOS-by-a-VM',
        'VM_START by another VM than the owner is refused with DENIED.',
        [ask('VM_START', { vmid: HLOS }, 'DENIED', { from: vm })],
        stateOf.RUNNING,
      ],
      [
        'VM_GET_VMID-by-a-VM',
        'A VM learns its own VMID.',
        [ask('VM_GET_VMID', {}, [ok({ vmid: vm })], { from: vm })],
        stateOf.RUNNING,
      ],
      [
        'VM_GET_OWNER-by-a-VM',
        'A VM learns its owner.',
        [ask('VM_GET_OWNER', {}, [ok({ owner_vmid: HLOS })], { from: vm })],
        stateOf.RUNNING,
      ],
      [
        'VM_GET_STATE-by-a-VM',
        'A VM may ask for its own state.',
        [ask('VM_GET_STATE', { vmid: 0 }, [ok({ vm_status: 'RUNNING' })], { from: vm })],
        stateOf.RUNNING,
      ],
      [
        'MEM_RECLAIM-by-a-VM',
        'A VM cannot take back what HLOS has lent.',
        [reclaim(image, 'DENIED', { from: vm })],
        stateOf.RUNNING,
      ],
    ]),
  ];
}
