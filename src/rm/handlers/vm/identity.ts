import {
  type idEntry,
  VM_GET_ID,
  VM_GET_OWNER,
  VM_GET_PEERS,
  VM_GET_VMID,
  VM_HOST_GET_TYPE,
  VM_LOOKUP_GUID,
  VM_LOOKUP_NAME,
  VM_LOOKUP_URI,
} from '../../../../schemas/index.js';
import { sameBytes } from '../../../base/bytes.js';
import { latin1Bytes } from '../../../base/text.js';
import type { InferInput } from '../../../schema/index.js';
import { IdType, RmError, VmState } from '../../codes.js';
import type { Context } from '../../context.js';
import type { Vm } from '../../vm.js';
import { hasRecord } from '../conditions.js';
import { type HandlerRow, handler, usualChecks } from '../row.js';

/** AArch64, Gunyah with a resource manager, version 1 (rm-behaviour.md). */
export const HOST_TYPE = 0x01000164;
/** RM23 knows no signer of an image. */
const SIGN_AUTHORITY = 'N/A';
const { READY, RUNNING, PAUSED } = VmState;
/** States in which a VM's identity can be asked for. */
const HAVE_ID: readonly number[] = [READY, RUNNING, PAUSED];

/** Identities are kept as one character per byte. */
function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

const getId = handler(VM_GET_ID, (rm, sender, { vmid }) => {
  const vm = rm.vms.get(vmid === 0 ? sender.vmid : vmid);
  if (vm === undefined) return RmError.NORESOURCE;
  if (!HAVE_ID.includes(vm.state)) return RmError.VM_STATE;
  if (!vm.mayBeQueriedBy(sender)) return RmError.NORESOURCE;
  const id_entries: InferInput<typeof idEntry>[] = [{ id_type: IdType.GUID, id_info: vm.guid }];
  if (vm.name !== '') id_entries.push({ id_type: IdType.NAME, id_info: latin1Bytes(vm.name) });
  if (vm.uri !== '') id_entries.push({ id_type: IdType.URI, id_info: latin1Bytes(vm.uri) });
  id_entries.push({ id_type: IdType.SIGN_AUTH, id_info: latin1Bytes(SIGN_AUTHORITY) });
  return { id_entries };
});

/** Every VM that the sender may ask about and that matches, by rising VMID. */
function matching({ vms }: Context, sender: Vm, matches: (vm: Vm) => boolean) {
  const vmid_entries: { readonly vmid: number }[] = [];
  for (const vm of vms.all())
    if (matches(vm) && vm.mayBeQueriedBy(sender)) vmid_entries.push({ vmid: vm.vmid });
  return { vmid_entries };
}

const lookUpUri = handler(VM_LOOKUP_URI, (rm, sender, { uri }) => {
  const text = textOf(uri);
  return matching(rm, sender, (vm) => vm.uri === text);
});

const lookUpName = handler(VM_LOOKUP_NAME, (rm, sender, { name }) => {
  const text = textOf(name);
  return matching(rm, sender, (vm) => vm.name === text);
});

const lookUpGuid = handler(VM_LOOKUP_GUID, (rm, sender, { guid }) =>
  matching(rm, sender, (vm) => sameBytes(vm.guid, guid)),
);

const ofRecord = { checks: [...usualChecks, hasRecord] };
const getOwner = handler(VM_GET_OWNER, (_rm, { owner }) => ({ owner_vmid: owner }), ofRecord);
const getVmid = handler(VM_GET_VMID, (_rm, { vmid }) => ({ vmid }));
const getPeers = handler(
  VM_GET_PEERS,
  (_rm, { peers }) => ({ peers: peers.map(({ vmid }) => vmid) }),
  ofRecord,
);
const hostGetType = handler(VM_HOST_GET_TYPE, () => ({ host_type: HOST_TYPE }));

export const identityRows: readonly HandlerRow[] = [
  getId,
  lookUpUri,
  lookUpGuid,
  lookUpName,
  getOwner,
  getVmid,
  getPeers,
  hostGetType,
];
