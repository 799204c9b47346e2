import { oneLine } from '../base/text.js';
import { FileError } from '../node/file-error.js';
import { ConnectedTarget } from '../node/target/connected-target.js';
import { DatagramConnector } from '../node/target/dgram-connector.js';
import { ExecConnector } from '../node/target/exec-connector.js';
import { StreamConnector } from '../node/target/stream-connector.js';
import type { ManagerProfile, PlatformProfile } from '../rm/index.js';
import { type Connector, SimConnector, SimTarget, type SimTargetOptions } from '../target/index.js';
import { refuseOption } from './options.js';

/** Time for each answer of a target, milliseconds, unless told. */
export const LIMIT_MS = 2000;
/** What `--target` takes, for help texts. */
export const targetForms = 'sim, exec:COMMAND, socket:PATH or dgram:DIR';

export interface TargetOptions {
  readonly target: string;
  readonly platform?: PlatformProfile | undefined;
  readonly manager?: ManagerProfile | undefined;
  readonly careful?: boolean | undefined;
  /** Time for each answer, milliseconds. */
  readonly limit: number;
  readonly monitor?: string | undefined;
}

export type AnyTarget = SimTarget | ConnectedTarget;

const connectors: Readonly<Record<string, (rest: string) => Connector>> = {
  exec: (command) => new ExecConnector(command),
  socket: (path) => new StreamConnector(path),
  dgram: (directory) => new DatagramConnector(directory),
};

/** Connections to the manager that a text names. @throws UsageError for a text that names none. */
export function makeConnector(target: string, sim: SimTargetOptions = {}): Connector {
  return remoteConnector(target) ?? new SimConnector(sim);
}

/** @throws UsageError for a text that names no target. */
export function makeTarget(options: TargetOptions): AnyTarget {
  const { target, platform, manager, careful = false, limit, monitor } = options;
  const connector = remoteConnector(target);
  return connector === undefined
    ? new SimTarget({ platform, profile: manager, careful })
    : new ConnectedTarget({ connector, limitMs: limit, monitor });
}

/** Starts a target for the first time. @throws FileError when there is none: that is no finding. */
export async function startTarget(target: AnyTarget): Promise<void> {
  if (target.local) return;
  await target.reset();
  if (target.ended !== undefined) throw new FileError(target.name, new Error(oneLine(target.ended.text)));
}

/** @returns undefined for the simulated manager. @throws UsageError */
function remoteConnector(target: string): Connector | undefined {
  if (target === 'sim') return undefined;
  const [, kind = '', rest = ''] = /^(\w+):(.+)$/s.exec(target) ?? [];
  const make = Object.hasOwn(connectors, kind) ? connectors[kind] : undefined;
  if (make !== undefined) return make(rest);
  refuseOption('--target', targetForms, target);
}
