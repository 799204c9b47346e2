import { regSet } from '../../../schemas/index.js';
import { refuser } from '../refusal.js';
import { hex } from './addresses.js';

/** One register of the boot vCPU. */
export interface BootRegister {
  readonly reg_set: number;
  readonly reg_index: number;
  readonly value: bigint;
}

/** Registers by number. RM is told in the order of the numbers: X0..X31, PC, SP0..2. */
export type BootContext = Map<number, BootRegister>;

/** Highest index of each register file (client.md, section 5). */
const indexMax: ReadonlyMap<number, number> = new Map([
  [regSet.values.X, 31],
  [regSet.values.PC, 0],
  [regSet.values.SP, 2],
]);

/**
 * The register with a number.
 *
 * @param number register file << 8 | index.
 * @param strict refuse a number with other bits set.
 * @throws HostError (EINVAL) for a register that does not exist.
 */
export function registerOf(number: number, strict: boolean): Omit<BootRegister, 'value'> {
  const reg_set = (number >>> 8) & 0xff;
  const reg_index = number & 0xff;
  const max = indexMax.get(reg_set);
  if (max === undefined || reg_index > max || (strict && number >>> 16 !== 0))
    throw refuser('SET_BOOT_CONTEXT', 'reg')('EINVAL', 'register', 'X 0..31, PC 0, SP 0..2', hex(number));
  return { reg_set, reg_index };
}

/** Registers in the order of their numbers. */
export function registersOf(context: BootContext): readonly BootRegister[] {
  return [...context.entries()].sort(([left], [right]) => left - right).map(([, register]) => register);
}
