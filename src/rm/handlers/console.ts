import {
  VM_CONSOLE_CHARS,
  VM_CONSOLE_CLOSE,
  VM_CONSOLE_FLUSH,
  VM_CONSOLE_OPEN,
  VM_CONSOLE_WRITE,
} from '../../../schemas/index.js';
import { RmError } from '../codes.js';
import type { Context } from '../context.js';
import type { Console, Vm } from '../vm.js';
import { type HandlerRow, handler } from './row.js';

/** One side of a console as its sender sees it. */
interface Side {
  readonly console: Console;
  /** The VM whose console it is. */
  readonly vm: Vm;
  /** The sender is that VM's owner. */
  readonly asOwner: boolean;
}

/** The side that a sender means: its own console for target 0, else that of a VM it owns. */
function sideOf(rm: Context, sender: Vm, target: number): Side | number {
  const vm = target === 0 ? sender : rm.vms.get(target);
  const console = vm?.config?.console;
  if (vm === undefined || console === undefined) return RmError.ARGUMENT_INVALID;
  const asOwner = target !== 0;
  return asOwner && vm.owner !== sender.vmid ? RmError.DENIED : { console, vm, asOwner };
}

function isOpen({ console, asOwner }: Side): boolean {
  return asOwner ? console.ownerOpen : console.selfOpen;
}

function setOpen(message: typeof VM_CONSOLE_OPEN, open: boolean): HandlerRow {
  return handler(message, (rm, sender, { vmid }) => {
    const side = sideOf(rm, sender, vmid);
    if (typeof side === 'number') return side;
    if (side.asOwner) side.console.ownerOpen = open;
    else side.console.selfOpen = open;
    return RmError.OK;
  });
}

const flush = handler(VM_CONSOLE_FLUSH, (rm, sender, { vmid }) => {
  const side = sideOf(rm, sender, vmid);
  if (typeof side === 'number') return side;
  return isOpen(side) ? RmError.OK : RmError.DENIED;
});

const write = handler(
  VM_CONSOLE_WRITE,
  (rm, sender, { vmid, data }) => {
    const side = sideOf(rm, sender, vmid);
    if (typeof side === 'number') return side;
    if (!isOpen(side)) return RmError.DENIED;
    const { console, vm, asOwner } = side;
    if (asOwner ? console.selfOpen : console.ownerOpen)
      rm.links.notify(asOwner ? vm.vmid : vm.owner, VM_CONSOLE_CHARS, { from: asOwner ? 0 : vm.vmid, data });
    return RmError.OK;
  },
  { emptyPayload: 'console_write_empty_payload' },
);

export const consoleRows: readonly HandlerRow[] = [
  setOpen(VM_CONSOLE_OPEN, true),
  setOpen(VM_CONSOLE_CLOSE, false),
  write,
  flush,
];
