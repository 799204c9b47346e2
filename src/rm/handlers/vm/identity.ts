import {
  idType,
  limits,
  VM_GET_ID,
  VM_GET_OWNER,
  VM_GET_PEERS,
  VM_GET_VMID,
  VM_HOST_GET_TYPE,
  VM_LOOKUP_GUID,
  VM_LOOKUP_NAME,
  VM_LOOKUP_URI,
} from '../../../../schemas/index.js';
import { RmError } from '../../codes.js';
import { GUID_SIZE } from '../../config/index.js';
import type { ResourceManager } from '../../manager.js';
import { VmState } from '../../states.js';
import type { Vm } from '../../vm.js';
import { decode, errorReply, type Payload, type Reply, replyWith, sizeOf } from '../../wire.js';
import type { Handlers } from '../handler.js';

const VMID_SIZE = 4;
const TEXT_HEAD_SIZE = 4;
/** AArch64, Gunyah with a resource manager, version 1 (rm-behaviour.md). */
const HOST_TYPE = 0x01000164;
/** Images are signed by nobody here. */
const SIGN_AUTHORITY = 'N/A';
const HAVE_ID: readonly VmState[] = [VmState.READY, VmState.RUNNING, VmState.PAUSED];
const IdType = idType.values;

/** Identities are kept as one character per byte. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function getId(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) !== VMID_SIZE) return errorReply(RmError.MSG_INVALID);
  const { vmid } = decode(VM_GET_ID.request, payload);
  const vm = vmid === 0 ? sender : rm.vm(vmid);
  if (vm === undefined) return errorReply(RmError.NORESOURCE);
  if (!HAVE_ID.includes(vm.state)) return errorReply(RmError.VM_STATE);
  if (!vm.mayBeQueriedBy(sender)) return errorReply(RmError.NORESOURCE);
  const entries = [{ id_type: IdType.GUID, id_info: vm.guid }];
  if (vm.name !== '') entries.push({ id_type: IdType.NAME, id_info: bytesOf(vm.name) });
  if (vm.uri !== '') entries.push({ id_type: IdType.URI, id_info: bytesOf(vm.uri) });
  entries.push({ id_type: IdType.SIGN_AUTH, id_info: bytesOf(SIGN_AUTHORITY) });
  return replyWith(VM_GET_ID.reply, { id_entries: entries });
}

/** Every VM that the sender may ask about and that matches, by rising VMID. */
function matching(rm: ResourceManager, sender: Vm, matches: (vm: Vm) => boolean): Reply {
  const found: { vmid: number }[] = [];
  for (const vm of rm.vms()) if (vm.mayBeQueriedBy(sender) && matches(vm)) found.push({ vmid: vm.vmid });
  return replyWith(VM_LOOKUP_URI.reply, { vmid_entries: found });
}

/** VM_LOOKUP_URI and VM_LOOKUP_NAME: a counted text, padded with zeros. */
function lookUpText(identity: (vm: Vm) => string) {
  return (rm: ResourceManager, sender: Vm, payload: Payload): Reply => {
    const size = sizeOf(payload);
    if (size === 0) return errorReply(RmError.ARGUMENT_INVALID);
    if (size < TEXT_HEAD_SIZE) return errorReply(RmError.MSG_INVALID);
    const length = payload.view.getUint16(payload.start, true);
    if (length > limits.name_length) return errorReply(RmError.ARGUMENT_INVALID);
    const text = paddedText(payload, length);
    if (text === undefined) return errorReply(RmError.MSG_INVALID);
    return matching(rm, sender, (vm) => identity(vm) === text);
  };
}

/** The text behind a length word, undefined when the padding is not what it must be. */
function paddedText({ view, start, end }: Payload, length: number): string | undefined {
  const textStart = start + TEXT_HEAD_SIZE;
  if (end - textStart !== ((length + 3) & ~3)) return undefined;
  let text = '';
  for (let at = textStart; at < end; at++) {
    const byte = view.getUint8(at);
    if (at < textStart + length) text += String.fromCharCode(byte);
    else if (byte !== 0) return undefined;
  }
  return text;
}

function lookUpGuid(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) === 0) return errorReply(RmError.ARGUMENT_INVALID);
  if (sizeOf(payload) !== GUID_SIZE) return errorReply(RmError.MSG_INVALID);
  const { guid } = decode(VM_LOOKUP_GUID.request, payload);
  return matching(rm, sender, (vm) => vm.guid.every((byte, index) => byte === guid[index]));
}

function getOwner(_rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) !== 0) return errorReply(RmError.MSG_INVALID);
  return replyWith(VM_GET_OWNER.reply, { owner_vmid: sender.owner });
}

function getVmid(_rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) !== 0) return errorReply(RmError.MSG_INVALID);
  return replyWith(VM_GET_VMID.reply, { vmid: sender.vmid });
}

function getPeers(_rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) !== 0) return errorReply(RmError.MSG_INVALID);
  return replyWith(VM_GET_PEERS.reply, { peers: sender.peers.map(({ vmid }) => vmid) });
}

function hostGetType(_rm: ResourceManager, _sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) !== 0) return errorReply(RmError.MSG_INVALID);
  return replyWith(VM_HOST_GET_TYPE.reply, { host_type: HOST_TYPE });
}

export const identityHandlers: Handlers = [
  [VM_GET_ID.id, getId],
  [VM_LOOKUP_URI.id, lookUpText((vm) => vm.uri)],
  [VM_LOOKUP_GUID.id, lookUpGuid],
  [VM_LOOKUP_NAME.id, lookUpText((vm) => vm.name)],
  [VM_GET_OWNER.id, getOwner],
  [VM_GET_VMID.id, getVmid],
  [VM_GET_PEERS.id, getPeers],
  [VM_HOST_GET_TYPE.id, hostGetType],
];
