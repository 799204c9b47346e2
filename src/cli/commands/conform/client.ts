import {
  clientCase,
  clientOutcome,
  clientTreatments,
  PlayedManager,
  type SessionFacts,
  type Treatment,
} from '../../../conform/index.js';
import { ClientServer } from '../../../node/client-server.js';
import type { ManagerProfile, PlatformProfile } from '../../../rm/index.js';
import type { CommandIo } from '../../io.js';
import { type Load, readLoads } from '../../loads.js';
import type { FileAt } from '../../options.js';
import { chosenBy, nowSeconds, printList, Reporter, type ReportOptions } from './report.js';

export interface ClientCaseOptions extends ReportOptions {
  readonly socket: string;
  readonly idle: number;
  readonly wait: number;
  readonly load: readonly FileAt[];
  readonly platform: PlatformProfile;
  readonly manager?: ManagerProfile;
}

export async function conformClient(io: CommandIo, options: ClientCaseOptions): Promise<void> {
  const all = clientTreatments();
  const chosen = new Set(chosenBy(options.filter, all, clientCase));
  // The others are compared with the session in which the manager behaves.
  const treatments = all.filter((item) => item.chapter === 'usual' || chosen.has(item));
  if (options.list) {
    printList(io, treatments.map(clientCase), options);
    return;
  }
  const memory = readLoads(io.files, options.load);
  const reporter = new Reporter(io, 'client', treatments.length, options);
  const server = await ClientServer.listen(options.socket);
  io.onInterrupt(() => void server.close());
  io.warn(`ready: ${options.socket}`);
  let usual: SessionFacts | undefined;
  try {
    for (const treatment of treatments) {
      if (io.isInterrupted || io.isOutputClosed) break;
      const started = nowSeconds();
      const facts = await playSession(server, treatment, memory, options);
      if (treatment.chapter === 'usual') usual = facts;
      const seconds = nowSeconds() - started;
      if (facts === undefined && io.isInterrupted) break;
      const end = { isMissing: facts === undefined };
      reporter.outcome(clientOutcome(treatment, facts ?? noFacts, usual, end, seconds));
      // Without a client nothing else can be learnt.
      if (facts === undefined) break;
    }
    reporter.end();
  } finally {
    await server.close();
  }
}

const noFacts: SessionFacts = {
  requests: [],
  wrong: [],
  left: [],
  isTreated: false,
  isWaiting: false,
  played: [],
};

/** @returns undefined if no client came. */
async function playSession(
  server: ClientServer,
  treatment: Treatment,
  memory: readonly Load[],
  { platform, manager, idle, wait }: ClientCaseOptions,
): Promise<SessionFacts | undefined> {
  let played: PlayedManager | undefined;
  const came = await server.session(
    (send) => {
      const own = new PlayedManager(treatment, { platform, profile: manager }, memory, send);
      played = own;
      return {
        received: (from, frame) => frame.length > 0 && own.receive(from, frame),
        idle: () => own.idle(),
      };
    },
    idle,
    wait,
  );
  return came ? played?.facts : undefined;
}
