import {
  VM_CONSOLE_CHARS,
  VM_CONSOLE_CLOSE,
  VM_CONSOLE_FLUSH,
  VM_CONSOLE_OPEN,
  VM_CONSOLE_WRITE,
} from '../../../schemas/index.js';
import { RmError } from '../codes.js';
import type { ResourceManager } from '../manager.js';
import type { Console, Vm } from '../vm.js';
import { decode, errorReply, notificationBytes, okReply, type Payload, type Reply, sizeOf } from '../wire.js';
import type { Handlers } from './handler.js';

const TARGET_SIZE = 4;

/** One side of a console as its sender sees it. */
interface Side {
  readonly console: Console;
  /** The VM whose console it is. */
  readonly vm: Vm;
  /** The sender is that VM's owner. */
  readonly asOwner: boolean;
}

/** The side that a sender means: its own console for target 0, else that of a VM it owns. */
function sideOf(rm: ResourceManager, sender: Vm, target: number): Side | number {
  const vm = target === 0 ? sender : rm.vm(target);
  const console = vm?.config?.console;
  if (vm === undefined || console === undefined) return RmError.ARGUMENT_INVALID;
  const asOwner = target !== 0;
  return asOwner && vm.owner !== sender.vmid ? RmError.DENIED : { console, vm, asOwner };
}

function isOpen({ console, asOwner }: Side): boolean {
  return asOwner ? console.ownerOpen : console.selfOpen;
}

/** The side of VM_CONSOLE_OPEN, _CLOSE and _FLUSH, which say no more than that. */
function targetSide(rm: ResourceManager, sender: Vm, payload: Payload): Side | number {
  if (sizeOf(payload) !== TARGET_SIZE) return RmError.MSG_INVALID;
  return sideOf(rm, sender, decode(VM_CONSOLE_OPEN.request, payload).vmid);
}

function setOpen(open: boolean) {
  return (rm: ResourceManager, sender: Vm, payload: Payload): Reply => {
    const side = targetSide(rm, sender, payload);
    if (typeof side === 'number') return errorReply(side);
    if (side.asOwner) side.console.ownerOpen = open;
    else side.console.selfOpen = open;
    return okReply;
  };
}

function flush(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  const side = targetSide(rm, sender, payload);
  if (typeof side === 'number') return errorReply(side);
  return isOpen(side) ? okReply : errorReply(RmError.DENIED);
}

function write(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  const size = sizeOf(payload);
  if (size === 0) return errorReply(rm.die('console_write_empty_payload'));
  // Fewer than 4 bytes: the public manager reads on behind them; what it finds there is nobody's contract.
  if (size < TARGET_SIZE) return errorReply(RmError.MSG_INVALID);
  if (size !== TARGET_SIZE + payload.view.getUint16(payload.start + 2, true))
    return errorReply(RmError.MSG_INVALID);
  const { vmid, data } = decode(VM_CONSOLE_WRITE.request, payload);
  const side = sideOf(rm, sender, vmid);
  if (typeof side === 'number') return errorReply(side);
  if (!isOpen(side)) return errorReply(RmError.DENIED);
  const { console, vm, asOwner } = side;
  if (asOwner ? console.selfOpen : console.ownerOpen) {
    const from = asOwner ? 0 : vm.vmid;
    const bytes = notificationBytes(VM_CONSOLE_CHARS.payload, { from, data });
    rm.notify(asOwner ? vm.vmid : vm.owner, VM_CONSOLE_CHARS.id, bytes);
  }
  return okReply;
}

export const consoleHandlers: Handlers = [
  [VM_CONSOLE_OPEN.id, setOpen(true)],
  [VM_CONSOLE_CLOSE.id, setOpen(false)],
  [VM_CONSOLE_WRITE.id, write],
  [VM_CONSOLE_FLUSH.id, flush],
];
