import { formatHex } from '../../base/hex.js';
import type { Case, CaseStep, Reference } from '../case.js';
import { conformTree } from './devicetree.js';
import { ask, casesOf, HLOS, hex, IMAGE, image, ok, PAGE, parcelOf, sources, status, vm } from './rows.js';

/** The VM's devicetree is written into memory. */
const load: CaseStep = {
  operation: { op: 'load', address: hex(IMAGE.address + IMAGE.treeOffset), data: formatHex(conformTree()) },
  expect: [],
};
const allocate = ask('VM_ALLOC_VMID', { vmid: 0 }, 'OK', { as: 'vm' });
/** Lends a VM the memory that it boots from. @param as name of the parcel. */
export const lendImage = (vmid: Reference, as: string) =>
  ask(
    'MEM_LEND',
    parcelOf({
      label: 0,
      acl_entries: [{ vmid, rights: ['X', 'W', 'R'] }],
      sgl_entries: [{ ipa: hex(IMAGE.address), size: hex(IMAGE.size) }],
    }),
    'OK',
    { as },
  );

export const imageOf = (auth_mech = 'NONE') => ({
  vmid: vm,
  auth_mech,
  mem_handle: image,
  image_offset: '0x0',
  image_size: hex(PAGE),
  dtb_offset: hex(IMAGE.treeOffset),
  dtb_size: hex(IMAGE.treeSize),
});
const stop = { vmid: vm, flags: ['FORCE_STOP'], stop_reason: 'FORCE_STOP' };
export const exited = (exit_type: string) => ({
  to: HLOS,
  type: 'notification',
  name: 'VM_EXITED',
  payload: { vmid: vm, exit_type },
});
const released = { to: HLOS, type: 'notification', name: 'MEM_RELEASED', payload: { mem_handle: image } };

/** What leads from each state to the next. Requests of the life cycle with all that they cause, in order. */
export const transitions = {
  configure: ask('VM_CONFIG_IMAGE', imageOf(), [status('INIT'), ok()]),
  configureToAuth: ask('VM_CONFIG_IMAGE', imageOf('QCOM_PIL_ELF'), [status('AUTH'), ok()]),
  init: ask('VM_INIT', { vmid: vm }, [status('READY'), ok()]),
  start: ask('VM_START', { vmid: vm }, [status('RUNNING'), ok()]),
  stop: ask('VM_STOP', stop, [status('EXITED'), exited('VM_STOP_FORCED'), ok()]),
  reset: ask('VM_RESET', { vmid: vm }, [status('RESETTING'), ok(), released, status('RESET')]),
} as const;

const loaded = [load, allocate, lendImage(vm, 'image')];
const configured = [...loaded, transitions.configure];
const ready = [...configured, transitions.init];
const running = [...ready, transitions.start];
const ended = [...running, transitions.stop];

/** What brings VM `vm` into a state. */
export const stateOf = {
  LOAD: [allocate],
  INIT: configured,
  AUTH: [...loaded, transitions.configureToAuth],
  READY: ready,
  RUNNING: running,
  EXITED: ended,
  RESET: [...ended, transitions.reset],
} as const satisfies Readonly<Record<string, readonly CaseStep[]>>;
export type VmState = keyof typeof stateOf;

/** A VM with an image that was not configured yet. */
export const withImage: readonly CaseStep[] = loaded;
const states = Object.keys(stateOf) as VmState[];

/** A request of the life cycle: the states in which it is allowed, and those in which the public manager dies of it. */
interface LifeCycleRow {
  readonly name: string;
  readonly payload: object;
  readonly allowed: readonly VmState[];
  readonly deadly?: readonly VmState[];
}

const lifeCycle: readonly LifeCycleRow[] = [
  { name: 'VM_CONFIG_IMAGE', payload: { ...imageOf(), mem_handle: 0 }, allowed: ['LOAD', 'RESET'] },
  { name: 'VM_AUTH_IMAGE', payload: { vmid: vm, auth_params: [] }, allowed: ['AUTH'] },
  { name: 'VM_INIT', payload: { vmid: vm }, allowed: ['INIT'] },
  { name: 'VM_START', payload: { vmid: vm }, allowed: ['READY'] },
  { name: 'VM_STOP', payload: stop, allowed: ['RUNNING'] },
  { name: 'VM_RESET', payload: { vmid: vm }, allowed: ['READY', 'EXITED'], deadly: ['LOAD', 'RESET'] },
  { name: 'VM_DEALLOC_VMID', payload: { vmid: vm }, allowed: ['LOAD', 'RESET'] },
  { name: 'VM_GET_ID', payload: { vmid: vm }, allowed: ['READY', 'RUNNING'] },
];

/** Each request of the life cycle in each state. */
export function stateCases(): Case[] {
  const refused = lifeCycle.flatMap(({ name, payload, allowed, deadly = [] }) =>
    states
      .filter((state) => !allowed.includes(state) && !deadly.includes(state))
      .map(
        (state) =>
          [
            `${name}-in-${state}`,
            `${name} is refused with VM_STATE in ${state}.`,
            [ask(name, payload, 'VM_STATE')],
            stateOf[state],
          ] as const,
      ),
  );
  const reported = states.map(
    (state) =>
      [
        `reports-${state}`,
        `VM_GET_STATE tells that a VM is in ${state}.`,
        [ask('VM_GET_STATE', { vmid: vm }, [ok({ vm_status: state })])],
        stateOf[state],
      ] as const,
  );
  return [
    ...casesOf('states', 'required', sources.rm23, reported),
    ...casesOf('states', 'required', sources.rm23, [
      ['configure', 'VM_CONFIG_IMAGE leads from LOAD to INIT.', [transitions.configure], withImage],
      [
        'configure-to-auth',
        'With platform authentication VM_CONFIG_IMAGE leads to AUTH.',
        [transitions.configureToAuth],
        withImage,
      ],
      [
        'authenticate',
        'VM_AUTH_IMAGE leads from AUTH to INIT.',
        [ask('VM_AUTH_IMAGE', { vmid: vm, auth_params: [] }, [status('INIT'), ok()])],
        stateOf.AUTH,
      ],
      ['initialise', 'VM_INIT leads from INIT to READY.', [transitions.init], stateOf.INIT],
      ['start', 'VM_START leads from READY to RUNNING.', [transitions.start], stateOf.READY],
      ['stop', 'VM_STOP by force leads from RUNNING to EXITED.', [transitions.stop], stateOf.RUNNING],
      ['reset', 'VM_RESET leads from EXITED over RESETTING to RESET.', [transitions.reset], stateOf.EXITED],
      [
        'deallocate',
        'VM_DEALLOC_VMID frees a VMID that is in LOAD.',
        [ask('VM_DEALLOC_VMID', { vmid: vm }, 'OK'), ask('VM_GET_STATE', { vmid: vm }, 'NORESOURCE')],
        stateOf.LOAD,
      ],
    ]),
    ...casesOf('states', 'observed', sources.rm23, refused),
  ];
}
