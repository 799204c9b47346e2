import {
  rangeId,
  regSet,
  VM_CONFIG_IMAGE,
  VM_SET_ADDRESS_LAYOUT,
  VM_SET_BOOT_CONTEXT,
  VM_SET_DEBUG,
  VM_SET_DEMAND_PAGING,
} from '../../../../schemas/index.js';
import { AuthMech, RmError, VmState } from '../../codes.js';
import type { Context } from '../../context.js';
import type { GuestRange, Paging, Vm, VmConfig } from '../../vm.js';
import { type HandlerRow, handler } from '../row.js';
import { configurable, configure } from '../vm/configuration.js';

const PAGE_SIZE = 0x1000;
/** A VM's address space (rm-internals.md, section 5). */
const ADDRESS_LIMIT = 1n << 36n;
/** Registers that each file has (messages.md). */
const REGISTER_COUNTS: Readonly<Record<number, number>> = {
  [regSet.values.X]: 32,
  [regSet.values.PC]: 1,
  [regSet.values.SP]: 3,
};

const { AUTH, INIT, READY } = VmState;

/** The configuration of a VM of the sender's that is in one of some states; else the error. */
function configured(rm: Context, sender: Vm, vmid: number, ...states: number[]): VmConfig | number {
  const vm = configurable(rm, sender, vmid);
  if (typeof vm === 'number') return vm;
  return vm.config !== undefined && states.includes(vm.state) ? vm.config : RmError.VM_STATE;
}

const configImage = handler(
  VM_CONFIG_IMAGE,
  (rm, sender, request) => {
    const inImage = request.auth_mech === AuthMech.QCOM_PIL_ELF && request.dtb_size === 0n;
    const dtb = { dtb_offset: request.image_offset, dtb_size: request.image_size };
    return configure(rm, sender, inImage ? { ...request, ...dtb } : request);
  },
  {
    assumed: [
      {
        text: 'With QCOM_PIL_ELF and no devicetree, the devicetree is what image_offset and image_size name.',
        wouldTell: 'a recording of the secure VM loader with its image',
      },
    ],
  },
);

const setBootContext = handler(
  VM_SET_BOOT_CONTEXT,
  (rm, sender, { vmid, reg_set, reg_index, value }) => {
    const config = configured(rm, sender, vmid, READY);
    if (typeof config === 'number') return config;
    if (reg_index >= (REGISTER_COUNTS[reg_set] ?? 0)) return RmError.ARGUMENT_INVALID;
    config.bootContext.set((reg_set << 8) | reg_index, value);
    return RmError.OK;
  },
  {
    assumed: [
      {
        text: 'Owner only, else DENIED; state READY, else VM_STATE; the registers that Linux takes, else ARGUMENT_INVALID.',
        wouldTell: 'a manager that has the message, asked in other states and for other registers',
      },
      {
        text: 'The values are those of the boot vCPU at power-on; the last one for a register counts.',
        wouldTell: 'a guest that prints its registers',
      },
    ],
  },
);

/** The range that two 64-bit words name; undefined when it is empty, not of whole pages or beyond the address space. */
function guestRange(start: bigint, size: bigint): GuestRange | undefined {
  const unit = BigInt(PAGE_SIZE);
  if (size === 0n || start % unit !== 0n || size % unit !== 0n || start + size > ADDRESS_LIMIT)
    return undefined;
  return { start: Number(start), size: Number(size) };
}

function pagingOf(config: VmConfig): Paging {
  config.paging ??= { ranges: [], image: undefined, capabilities: undefined };
  return config.paging;
}

const setDemandPaging = handler(
  VM_SET_DEMAND_PAGING,
  (rm, sender, { vmid, ranges }) => {
    const config = configured(rm, sender, vmid, INIT);
    if (typeof config === 'number') return config;
    const paged: GuestRange[] = [];
    for (const { ipa, size } of ranges) {
      const range = guestRange(ipa, size);
      if (range === undefined) return RmError.ARGUMENT_INVALID;
      paged.push(range);
    }
    paged.sort((left, right) => left.start - right.start);
    const overlaps = paged.some(
      ({ start, size }, index) => start + size > (paged[index + 1]?.start ?? Infinity),
    );
    if (paged.length === 0 || overlaps) return RmError.ARGUMENT_INVALID;
    pagingOf(config).ranges = paged;
    return RmError.OK;
  },
  {
    assumed: [
      {
        text: 'State INIT, else VM_STATE; one range or more, of whole pages, without overlap, else ARGUMENT_INVALID; a second call replaces the first.',
        wouldTell: 'a manager that has the message, asked with such ranges and twice',
      },
      {
        text: "RM puts none of its own devices at these addresses; VM_INIT ends with ARGUMENT_INVALID where the platform's devices are.",
        wouldTell: 'the tree of a guest that is paged on demand',
      },
    ],
  },
);

const setAddressLayout = handler(
  VM_SET_ADDRESS_LAYOUT,
  (rm, sender, { vmid, range_id, range_base, range_size }) => {
    const config = configured(rm, sender, vmid, INIT);
    if (typeof config === 'number') return config;
    const range = guestRange(range_base, range_size);
    const vm = rm.vms.get(vmid);
    if (range === undefined || range_id !== rangeId.values.IMAGE || range.size < (vm?.memorySize ?? 0))
      return RmError.ARGUMENT_INVALID;
    pagingOf(config).image = range;
    return RmError.OK;
  },
  {
    assumed: [
      {
        text: "IMAGE is the guest address of the image parcel and replaces the devicetree's base-address. It must hold the parcel, else ARGUMENT_INVALID.",
        wouldTell: 'a manager that has the message, with a devicetree that names another address',
      },
      {
        text: 'FIRMWARE, which no client sends, is ARGUMENT_INVALID.',
        wouldTell: 'a client that sends it',
      },
      {
        text: 'VM_START moves the image into the extent of label 0, and its handle is gone.',
        wouldTell: 'MEM_RECLAIM of the handle after VM_START: HANDLE_INVALID, or MEM_INUSE',
      },
    ],
  },
);

const setDebug = handler(
  VM_SET_DEBUG,
  (rm, sender, { vmid, debug_enabled }) => {
    const config = configured(rm, sender, vmid, AUTH, INIT);
    if (typeof config === 'number') return config;
    if (debug_enabled > 1) return RmError.ARGUMENT_INVALID;
    config.debug = debug_enabled === 1;
    return RmError.OK;
  },
  {
    assumed: [
      {
        text: 'States AUTH and INIT, else VM_STATE; values 0 and 1; nothing else depends on it.',
        wouldTell: 'a secure VM that is given more memory with and without it',
      },
    ],
  },
);

export const configurationRows: readonly HandlerRow[] = [
  configImage,
  setBootContext,
  setDemandPaging,
  setAddressLayout,
  setDebug,
];
