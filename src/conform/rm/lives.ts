import type { Case, CaseStep, Expectation } from '../case.js';
import { alive, answered, getVmid } from './framing.js';
import {
  ask,
  casesOf,
  HLOS,
  hex,
  image,
  MEMORY,
  ok,
  PAGE,
  parcelOf,
  put,
  reclaim,
  sources,
  status,
  vm,
} from './rows.js';
import { lendImage, stateOf, transitions } from './states.js';

const lendTo = (vmid: unknown, as: string) =>
  ask(
    'MEM_LEND',
    parcelOf({
      label: 1,
      acl_entries: [{ vmid, rights: ['W', 'R'] }],
      sgl_entries: [{ ipa: hex(MEMORY), size: hex(PAGE) }],
    }),
    'OK',
    { as },
  );
const second = { $: 'second.vmid' };
const allocateSecond = ask('VM_ALLOC_VMID', { vmid: 0 }, 'OK', { as: 'second' });
const seqHex = (seq: number) => `${seq.toString(16).padStart(2, '0')}00`;
const requests = (count: number) => Array.from({ length: count }, (_, index) => getVmid(seqHex(index)));
const replies = (seqs: readonly number[]): Expectation[] =>
  seqs.map((seq) => ({ to: HLOS, ...answered(seq) }));
const limit = (count: number): CaseStep => ({
  operation: { op: 'receive_limit', vmid: HLOS, count },
  expect: [],
});
const drained = (expect: readonly Expectation[]): CaseStep => ({ operation: { op: 'drain' }, expect });
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

/** What lives longer than a request: VMIDs, handles, VMs; the order of messages; queues that are full. */
export function lifeCases(): Case[] {
  return [
    ...casesOf('order', 'required', sources.framing, [
      ...[2, 8, 20].map(
        (count) =>
          [
            `in-order-${count}`,
            `Of ${count} requests each is answered, in their order.`,
            [put(requests(count), replies(upTo(count)))],
          ] as const,
      ),
      [
        'errors-in-order',
        'Errors come in the order of their requests, too.',
        [
          put(
            [getVmid('0000'), `${getVmid('0100')}00`, getVmid('0200')],
            [...replies([0]), { name: 'VM_GET_VMID', seq: 1, error: 'MSG_INVALID' }, ...replies([2])],
          ),
        ],
      ],
    ]),
    ...casesOf('order', 'observed', sources.rm23, [
      [
        'status-before-reply-configure',
        'VM_STATUS comes before the reply to VM_CONFIG_IMAGE.',
        [transitions.configure],
        stateOf.INIT.slice(0, 3),
      ],
      [
        'status-before-reply-init',
        'VM_STATUS comes before the reply to VM_INIT.',
        [transitions.init],
        stateOf.INIT,
      ],
      [
        'status-before-reply-start',
        'VM_STATUS comes before the reply to VM_START.',
        [transitions.start],
        stateOf.READY,
      ],
      [
        'exited-before-reply',
        'VM_STATUS and VM_EXITED come before the reply to VM_STOP.',
        [transitions.stop],
        stateOf.RUNNING,
      ],
      [
        'reset-reply-between',
        'The reply to VM_RESET comes between RESETTING and RESET.',
        [transitions.reset],
        stateOf.EXITED,
      ],
    ]),
    ...casesOf('overflow', 'observed', sources.recorded, [
      [
        'queue-of-8',
        'Eight replies wait for a VM that takes nothing, and it gets them in order.',
        [limit(0), put(requests(8), []), drained(replies(upTo(8)))],
      ],
      [
        'one-in-transmission',
        'A ninth and a tenth reply wait in the manager.',
        [limit(0), put(requests(10), []), drained(replies(upTo(10)))],
      ],
      [
        'pending-replaced',
        'Of further replies only the last one is kept.',
        [limit(0), put(requests(13), []), drained(replies([...upTo(9), 12]))],
      ],
      [
        'goes-on',
        'When there is room again, requests are answered as before.',
        [limit(0), put(requests(13), []), drained(replies([...upTo(9), 12])), alive],
      ],
      [
        'taken-one-by-one',
        'Each message that a VM takes makes room for the next.',
        [
          limit(0),
          put(requests(10), []),
          { ...limit(3), expect: replies(upTo(3)) },
          drained(replies([3, 4, 5, 6, 7, 8, 9])),
        ],
      ],
      [
        'notifications-kept',
        'Notifications are not lost when the queue is full.',
        [
          limit(0),
          put(requests(9), []),
          ask('VM_INIT', { vmid: vm }, []),
          ask('VM_START', { vmid: vm }, []),
          drained([
            ...replies(upTo(9)),
            { to: HLOS, type: 'reply', name: 'VM_START', error: 'OK' },
            { ...status('READY'), to: HLOS },
            { ...status('RUNNING'), to: HLOS },
          ]),
        ],
        stateOf.INIT,
      ],
    ]),
    ...casesOf('lives', 'required', sources.rm23, [
      [
        'vmid-freed',
        'A VMID that was freed can be given again.',
        [
          ask('VM_DEALLOC_VMID', { vmid: vm }, 'OK'),
          allocateSecond,
          ask('VM_GET_STATE', { vmid: second }, [ok({ vm_status: 'LOAD' })]),
        ],
        stateOf.LOAD,
      ],
      [
        'vmids-differ',
        'Two VMs have two VMIDs.',
        [
          allocateSecond,
          ask('VM_DEALLOC_VMID', { vmid: second }, 'OK'),
          ask('VM_GET_STATE', { vmid: vm }, [ok({ vm_status: 'LOAD' })]),
        ],
        stateOf.LOAD,
      ],
      ['image-back', 'After a reset the image can be taken back.', [reclaim(image)], stateOf.RESET],
      [
        'image-in-use',
        'The image of a running VM is in use.',
        [reclaim(image, 'MEM_INUSE')],
        stateOf.RUNNING,
      ],
      [
        'deallocated-after-reset',
        'A VM that was reset can be deallocated.',
        [
          reclaim(image),
          ask('VM_DEALLOC_VMID', { vmid: vm }, 'OK'),
          ask('VM_GET_STATE', { vmid: vm }, 'NORESOURCE'),
        ],
        stateOf.RESET,
      ],
      [
        'memory-back',
        'The memory of a VM that has ended can be lent again.',
        [
          reclaim(image),
          ask('VM_DEALLOC_VMID', { vmid: vm }, 'OK'),
          allocateSecond,
          lendImage(second, 'again'),
        ],
        stateOf.RESET,
      ],
      [
        'configured-again',
        'A VM that was reset can be configured again.',
        [{ ...transitions.configure, expect: [ok()] }],
        stateOf.RESET,
      ],
    ]),
    ...casesOf('lives', 'observed', sources.recorded, [
      [
        'lowest-vmid',
        'The manager gives the lowest VMID that is free.',
        [
          ask('VM_ALLOC_VMID', { vmid: 0 }, [ok({ vmid: 129 })]),
          ask('VM_DEALLOC_VMID', { vmid: vm }, 'OK'),
          ask('VM_ALLOC_VMID', { vmid: 0 }, [ok({ vmid: 128 })]),
        ],
        stateOf.LOAD,
        'boot',
      ],
      [
        'first-vmid',
        'The first VMID is 128.',
        [ask('VM_ALLOC_VMID', { vmid: 0 }, [ok({ vmid: 128 })], { as: 'vm' })],
        [],
        'boot',
      ],
      [
        'handles-rise',
        'Handles of parcels are not used again.',
        [
          lendTo(vm, 'one'),
          reclaim({ $: 'one.mem_handle' }),
          ask('MEM_LEND', { ...(lendTo(vm, '').message?.payload as object) }, [ok({ mem_handle: 1 })], {
            as: 'two',
          }),
        ],
        stateOf.LOAD,
        'boot',
      ],
      [
        'peers',
        'The owner of a VM is its peer.',
        [ask('VM_GET_PEERS', {}, [{ error: 'OK' }])],
        stateOf.RUNNING,
      ],
    ]),
  ];
}
