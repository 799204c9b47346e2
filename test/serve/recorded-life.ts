import { parseHex } from '../../src/base/hex.js';
import { deviceTree, scenarios } from '../sim/scenarios.js';

export interface LifeStep {
  readonly from: number;
  readonly frame: Uint8Array;
  readonly out: readonly { readonly to: number; readonly frame: Uint8Array }[];
  readonly panic: boolean;
}

/** A recorded scenario that loads files, each to a place of its own, and sends, and does nothing else. */
export interface Life {
  readonly name: string;
  readonly memory: readonly { readonly address: number; readonly bytes: Uint8Array }[];
  readonly steps: readonly LifeStep[];
}

interface Line {
  readonly op?: string;
  readonly address?: string;
  readonly file?: string;
  readonly from?: number;
  readonly frame?: string;
  readonly out?: readonly { readonly to: number; readonly frame: string }[];
  readonly panic?: string;
  readonly refused?: string;
  readonly platform?: Readonly<Record<string, unknown>>;
}

/** The recorded scenarios of that kind: usual platform, until the end or a reboot. */
export function recordedLives(): Life[] {
  return scenarios('rm23.ndjson').flatMap(({ name, lines }) => {
    const [header, ...rest] = lines as readonly Line[];
    const { queue_depth, hlos_owns_io, debug_build } = header?.platform ?? {};
    if (queue_depth !== 8 || hlos_owns_io === true || debug_build === true) return [];
    const end = rest.findIndex(({ op }) => op === 'end' || op === 'reboot');
    const told = (end < 0 ? rest : rest.slice(0, end)).filter(({ op }) => op !== 'remark');
    const loads = told.filter(({ op }) => op === 'load');
    const sent = told.filter(({ op }) => op !== 'load');
    if (new Set(loads.map(({ address }) => address)).size < loads.length) return [];
    if (sent.length === 0 || sent.some(({ op, refused }) => op !== undefined || refused !== undefined))
      return [];
    const memory = loads.map(({ address, file }) => ({
      address: Number(address),
      bytes: deviceTree(file as string) as Uint8Array,
    }));
    const steps = sent.map(({ from, frame, out, panic }) => ({
      from: from as number,
      frame: parseHex(frame as string) as Uint8Array,
      out: (out ?? []).map((item) => ({ to: item.to, frame: parseHex(item.frame) as Uint8Array })),
      panic: panic !== undefined,
    }));
    return [{ name, memory, steps }];
  });
}
