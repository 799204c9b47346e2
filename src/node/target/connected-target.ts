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
  frameId,
  headerOf,
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
/** Least time in which a program has to say that it is ready. */
const START_MS = 10_000;
/** Most time in which a manager boots again by itself. After that it is started anew. */
const RESET_MS = 1000;

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
  readonly isFresh: boolean;
  /** Kinds that the manager has not called unsupported. */
  readonly steps: ReadonlySet<Step['kind']>;
  readonly #steps: Set<Step['kind']>;
  readonly #options: ConnectedTargetOptions;
  readonly #wait: StepWait;
  readonly #progress = new HlosProgress();
  #connection: Connection | undefined;
  #wasOpen = false;
  /** The manager was just opened, and has said that it is ready. */
  #isReady = false;
  #isOpening = false;
  #isClosed = false;
  #forkedAt: string | undefined;
  #fenceSeq = -1;
  /** Ends when the fences of the steps before have been answered: one is on its way at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ConnectedTargetOptions) {
    const { connector, monitor, limitMs } = options;
    this.#options = options;
    this.#wait = new StepWait(limitMs);
    this.name = connector.name;
    this.#steps = new Set(connector.steps);
    this.steps = this.#steps;
    this.isFresh = connector.isFresh || monitor !== undefined;
  }

  async reset(): Promise<void> {
    const again = this.#connection?.reset;
    if (again !== undefined) {
      this.#wait.begin();
      const limitMs = Math.min(RESET_MS, this.#options.limitMs);
      const [answer] = await this.#wait.settled(1, () => again(), limitMs);
      if (answer?.ended === undefined && answer?.unsupported !== true) return;
    }
    await this.restart();
  }

  /** A session that kills a program that has forked costs no start, so a program that can does so at once. */
  async restart(): Promise<void> {
    await this.restartToFork();
    await this.#fork();
  }

  get canFork(): boolean {
    return this.#connection?.fork !== undefined;
  }

  get forkedAt(): string | undefined {
    return this.#forkedAt;
  }

  async fork(name: string): Promise<void> {
    await this.#fork();
    this.#forkedAt = name;
  }

  async #fork(): Promise<void> {
    const fork = this.#connection?.fork;
    if (fork !== undefined && this.#wait.ended === undefined) await this.#wait.settled(1, () => fork());
  }

  async restartToFork(): Promise<void> {
    this.#forkedAt = undefined;
    const { connector, monitor, limitMs } = this.#options;
    const first = !this.#wasOpen;
    if (!first && !this.isFresh && this.#wait.ended === undefined) return;
    await this.#disconnect();
    if (first) await this.#prepare();
    else if (monitor !== undefined) await run(monitor, this.#wait.ended?.text ?? 'next session');
    this.#progress.clear();
    this.#wait.begin();
    this.#wasOpen = true;
    // A session can still be under way when the target is no longer wanted.
    if (this.#isClosed) return this.#wait.end({ kind: 'crash', text: 'closed' });
    await this.#open(connector.isFresh ? 1 : Math.ceil((first ? limitMs : RESTART_MS) / RECONNECT_MS));
    if (this.#connection?.settles !== true || this.#isReady) return;
    // If the program does not start, the response to the first step says so.
    await this.#wait.settled(1, () => {}, Math.max(START_MS, limitMs));
    if (this.#wait.ended?.kind === 'hang') this.#wait.ended = { kind: 'hang', text: 'no "ready"' };
  }

  async put(step: Step): Promise<Response> {
    const [response] = await this.putAll([step]);
    return response as Response;
  }

  async putAll(steps: readonly Step[]): Promise<readonly Response[]> {
    const connection = this.#connection;
    if (connection?.settles === false) {
      const turn = this.#turn.then(() => this.#putEach(connection, steps));
      this.#turn = turn;
      return turn;
    }
    const responses = await this.#wait.settled(steps.length, () => {
      this.#attempt(() => {
        for (const step of steps) connection?.put(step);
      });
    });
    for (let index = 0; index < responses.length; index++)
      if (responses[index]?.unsupported === true) this.#steps.delete((steps[index] as Step).kind);
    if (responses.at(-1)?.ended?.kind === 'hang' && this.#options.connector.isFresh) await this.#disconnect();
    return responses;
  }

  /** Puts steps up to the one with which the target ends, where it does not say by itself that it is done with one. */
  async #putEach(connection: Connection, steps: readonly Step[]): Promise<readonly Response[]> {
    const responses: Response[] = [];
    for (const step of steps) {
      if (step.kind === 'frame' && step.from === VMID_HLOS) this.#progress.sent(step.frame);
      const [response] = await this.#wait.settled(1, () => {
        this.#attempt(() => connection.put(step));
        if (step.kind !== 'frame') return;
        if (this.#progress.isInside) setTimeout(() => this.#wait.done(), QUIET_MS);
        else this.#fence(connection, step.frame);
      });
      responses.push(response as Response);
      if (response?.ended !== undefined) break;
    }
    return responses;
  }

  /** How it ended, also before the first step. */
  get ended(): Ending | undefined {
    return this.#wait.ended;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#disconnect();
    this.#wait.end({ kind: 'crash', text: 'closed' });
    this.#options.connector.end?.();
  }

  async #disconnect(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
  }

  async #prepare(): Promise<void> {
    const { connector } = this.#options;
    await connector.prepare?.();
    for (const kind of connector.steps) this.#steps.add(kind);
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
    settled: (told) => {
      if (this.#isOpening) this.#isReady = true;
      else this.#wait.done(told);
    },
    ended: (ending) => this.#wait.end(ending),
  };

  /** The messages of a VM come here from the moment when it exists, also those before it has sent anything. */
  #joinAllocated(frame: Uint8Array): void {
    if (frameId(frame) !== VM_ALLOC_VMID.id || frame.length < REPLY_FIELDS + 2) return;
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
    this.#isReady = false;
    this.#isOpening = true;
    try {
      await this.#tryToOpen(attemptsMax);
    } finally {
      this.#isOpening = false;
    }
  }

  async #tryToOpen(attemptsMax: number): Promise<void> {
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
