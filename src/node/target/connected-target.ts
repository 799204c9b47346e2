import { spawn } from 'node:child_process';
import { constants, limits, protocol, VM_ALLOC_VMID, VM_GET_VMID } from '../../../schemas/index.js';
import { viewOf } from '../../base/bytes.js';
import { Reassembler, writeFrame } from '../../rpc/index.js';
import { MessageType } from '../../schema/index.js';
import {
  type Connection,
  type ConnectionEvents,
  type Connector,
  type Ending,
  headerOf,
  idOf,
  REPLY_FIELDS,
  type RemoteTarget,
  type Response,
  type Step,
  wordAt,
} from '../../target/index.js';
import { FileError } from '../file-error.js';
import { StepWait } from './step-wait.js';

const { VMID_HLOS } = constants;

/** Sequence numbers of the target's own requests. The one that differs from the step's is used. */
const FENCE_SEQS = [0xfe, 0xff] as const;
/** Within a fragmented message no request can follow, so the target waits for this time without messages instead. */
const QUIET_MS = 5;
const RECONNECT_MS = 50;
/** Time for a device to boot. */
const RESTART_MS = 60_000;

export interface ConnectedTargetOptions {
  readonly connector: Connector;
  /** Time for each answer, milliseconds. */
  readonly limitMs: number;
  /**
   * Command that makes the manager fresh, where a connection does not. Without it a session continues the one before.
   */
  readonly monitor?: string | undefined;
}

/**
 * A manager behind a connection, step by step. Where the connection does not say that a step is done, HLOS asks for its
 * own VMID after each message. A manager handles its messages in order, so when that reply comes, all answers to the
 * message have come. The end of the connection is a crash, no answer is a hang.
 */
export class ConnectedTarget implements RemoteTarget {
  readonly name: string;
  readonly local = false;
  readonly steps: ReadonlySet<Step['kind']>;
  readonly isFresh: boolean;
  readonly #options: ConnectedTargetOptions;
  readonly #wait: StepWait;
  readonly #progress = new HlosProgress();
  #connection: Connection | undefined;
  #wasOpen = false;
  #fenceSeq = -1;

  constructor(options: ConnectedTargetOptions) {
    const { connector, monitor, limitMs } = options;
    this.#options = options;
    this.#wait = new StepWait(limitMs);
    this.name = connector.name;
    this.steps = connector.steps;
    this.isFresh = connector.isFresh || monitor !== undefined;
  }

  async reset(): Promise<void> {
    const { connector, monitor, limitMs } = this.#options;
    const first = !this.#wasOpen;
    if (!first && !this.isFresh && this.#wait.ended === undefined) return;
    await this.close();
    if (!first && monitor !== undefined) await run(monitor, this.#wait.ended?.text ?? 'next session');
    this.#progress.clear();
    this.#wait.begin();
    this.#wasOpen = true;
    await this.#open(connector.isFresh ? 1 : Math.ceil((first ? limitMs : RESTART_MS) / RECONNECT_MS));
    if (this.#connection?.settles !== true) return;
    // If the program does not start, the response to the first step says so.
    await this.#wait.settled(() => {});
    if (this.#wait.ended?.kind === 'hang') this.#wait.end({ kind: 'hang', text: 'no "ready"' });
  }

  async put(step: Step): Promise<Response> {
    if (step.kind === 'frame' && step.from === VMID_HLOS) this.#progress.sent(step.frame);
    const connection = this.#connection;
    const response = await this.#wait.settled(() => {
      this.#attempt(() => connection?.put(step));
      if (connection?.settles !== false || step.kind !== 'frame') return;
      if (this.#progress.isInside) setTimeout(() => this.#wait.done(), QUIET_MS);
      else this.#fence(connection, step.frame);
    });
    if (response.ended?.kind === 'hang' && this.#options.connector.isFresh) await this.close();
    return response;
  }

  /** How it ended, also before the first step. */
  get ended(): Ending | undefined {
    return this.#wait.ended;
  }

  async close(): Promise<void> {
    await this.#connection?.close();
    this.#connection = undefined;
  }

  #fence(connection: Connection, frame: Uint8Array): void {
    const [seq, other] = FENCE_SEQS;
    this.#fenceSeq = headerOf(frame)?.seq === seq ? other : seq;
    const header = { type: MessageType.request, fragments: 0, seq: this.#fenceSeq, msg_id: VM_GET_VMID.id };
    const fence = writeFrame(protocol, header, new Uint8Array(0), 0, 0);
    connection.put({ kind: 'frame', from: VMID_HLOS, frame: fence });
  }

  readonly #events: ConnectionEvents = {
    received: (to, frame) => {
      const header = to === VMID_HLOS && this.#fenceSeq >= 0 ? headerOf(frame) : undefined;
      const isFence =
        header?.type === MessageType.reply &&
        header.msg_id === VM_GET_VMID.id &&
        header.seq === this.#fenceSeq;
      if (isFence) {
        this.#fenceSeq = -1;
        this.#wait.done();
        return;
      }
      this.#joinAllocated(frame);
      this.#wait.received(to, frame);
    },
    settled: () => this.#wait.done(),
    ended: (ending) => this.#wait.end(ending),
  };

  /** The messages of a VM come here from the moment when it exists, also those before it has sent anything. */
  #joinAllocated(frame: Uint8Array): void {
    if (idOf(frame) !== VM_ALLOC_VMID.id || frame.length < REPLY_FIELDS + 2) return;
    const isOk = headerOf(frame)?.type === MessageType.reply && wordAt(frame, limits.header) === 0;
    if (isOk) this.#attempt(() => this.#connection?.join(wordAt(frame, REPLY_FIELDS) & 0xffff));
  }

  /** Does something for which names may have to be bound. */
  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.#wait.end({ kind: 'crash', text: `${error.file}: ${error.message}` });
    }
  }

  /** Tries until the manager accepts the connection. */
  async #open(attemptsMax: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        this.#connection = await this.#options.connector.open(this.#events);
        return;
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        if (attempt >= attemptsMax) {
          this.#wait.end({ kind: 'crash', text: `no connection: ${error.message}` });
          return;
        }
      }
      await new Promise((done) => setTimeout(done, RECONNECT_MS));
    }
  }
}

/** Whether HLOS is within a fragmented message, which any other request of HLOS would abandon. */
class HlosProgress {
  isInside = false;
  #reassembler = this.#newReassembler();

  clear(): void {
    this.isInside = false;
    this.#reassembler = this.#newReassembler();
  }

  sent(frame: Uint8Array): void {
    this.#reassembler.receive(viewOf(frame), 0, frame.byteLength);
  }

  #newReassembler(): Reassembler {
    const ignore = () => {};
    return new Reassembler(protocol, {
      message: () => {
        this.isInside = false;
      },
      part: () => {
        this.isInside = true;
      },
      abandoned: ignore,
      stray: ignore,
      malformed: ignore,
    });
  }
}

/** Runs a command to its end. @param ending how the target ended; in the command's environment. */
function run(command: string, ending: string): Promise<void> {
  return new Promise((done) => {
    const env = { ...process.env, GUNYAH_RM_ENDING: ending };
    const child = spawn(command, { shell: true, stdio: ['ignore', 'ignore', 'inherit'], env });
    child.on('error', () => done());
    child.on('exit', () => done());
  });
}
