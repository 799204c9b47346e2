import { spawn } from 'node:child_process';
import { createConnection, type Socket } from 'node:net';
import { constants, protocol, VM_GET_VMID } from '../../../schemas/index.js';
import { viewOf } from '../../base/bytes.js';
import { WireError } from '../../base/error.js';
import { Reassembler, writeFrame } from '../../rpc/index.js';
import { MessageType } from '../../schema/index.js';
import { RecordSplitter, writeRecord } from '../../serve/index.js';
import { type Ending, headerOf, type RemoteTarget, type Response, type Step } from '../../target/index.js';
import { StepWait } from './step-wait.js';

const { VMID_HLOS, VMID_RM } = constants;

/** Sequence numbers of the target's own requests. The one that differs from the step's is used. */
const FENCE_SEQS = [0xfe, 0xff] as const;
/** Within a fragmented message no request can follow, so the target waits for this time without messages instead. */
const QUIET_MS = 5;
const RECONNECT_MS = 50;
/** Time for a device to boot. */
const RESTART_MS = 60_000;

export interface SocketTargetOptions {
  readonly path: string;
  /** Time for each answer, milliseconds. */
  readonly limitMs: number;
  /** Command that makes the target fresh. Without it a session continues the one before. */
  readonly monitor: string | undefined;
}

/**
 * A running manager behind a unix stream socket (cli.md, "Live transports of serve"): `serve`, or a bridge to a device.
 * After each message HLOS asks for its own VMID. A manager handles its messages in order, so when that reply comes, all
 * answers to the message have come. The end of the connection is a crash, no answer is a hang.
 */
export class SocketTarget implements RemoteTarget {
  readonly name: string;
  readonly local = false;
  readonly steps: ReadonlySet<Step['kind']> = new Set(['frame']);
  readonly #options: SocketTargetOptions;
  readonly #wait: StepWait;
  readonly #progress = new HlosProgress();
  #socket: Socket | undefined;
  #fenceSeq = -1;

  constructor(options: SocketTargetOptions) {
    this.#options = options;
    this.#wait = new StepWait(options.limitMs);
    this.name = `socket:${options.path}`;
  }

  async reset(): Promise<void> {
    const { monitor, limitMs } = this.#options;
    const first = this.#socket === undefined;
    if (!first && monitor === undefined && this.#wait.ended === undefined) return;
    this.#leave();
    if (!first && monitor !== undefined) await run(monitor, this.#wait.ended?.text ?? 'next session');
    this.#progress.clear();
    this.#wait.begin();
    await this.#connect(Math.ceil((first ? limitMs : RESTART_MS) / RECONNECT_MS));
  }

  async put(step: Step): Promise<Response> {
    if (step.kind !== 'frame') throw new TypeError(`${step.kind} is none of its steps`);
    if (step.from === VMID_HLOS) this.#progress.sent(step.frame);
    const fenced = !this.#progress.isInside;
    return this.#wait.settled(() => {
      this.#socket?.write(writeRecord(step.from, VMID_RM, step.frame));
      if (fenced) this.#fence(step.frame);
      else setTimeout(() => this.#wait.done(), QUIET_MS);
    });
  }

  /** Why there is no connection. */
  get ended(): Ending | undefined {
    return this.#wait.ended;
  }

  async close(): Promise<void> {
    this.#leave();
  }

  #fence(frame: Uint8Array): void {
    const [seq, other] = FENCE_SEQS;
    this.#fenceSeq = headerOf(frame)?.seq === seq ? other : seq;
    const header = { type: MessageType.request, fragments: 0, seq: this.#fenceSeq, msg_id: VM_GET_VMID.id };
    this.#socket?.write(
      writeRecord(VMID_HLOS, VMID_RM, writeFrame(protocol, header, new Uint8Array(0), 0, 0)),
    );
  }

  #receive(to: number, frame: Uint8Array): void {
    const header = to === VMID_HLOS ? headerOf(frame) : undefined;
    const isFence =
      header?.type === MessageType.reply && header.msg_id === VM_GET_VMID.id && header.seq === this.#fenceSeq;
    if (isFence) {
      this.#fenceSeq = -1;
      this.#wait.done();
    } else this.#wait.received(to, frame);
  }

  #leave(): void {
    this.#socket?.removeAllListeners('close');
    this.#socket?.destroy();
  }

  /** Tries until the target accepts the connection. */
  async #connect(attemptsMax: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const failure = await this.#attempt();
      if (failure === undefined) return;
      if (attempt >= attemptsMax) {
        this.#wait.end({ kind: 'crash', text: `no connection: ${failure.message}` });
        return;
      }
      await new Promise((done) => setTimeout(done, RECONNECT_MS));
    }
  }

  /** @returns why there is no connection. */
  #attempt(): Promise<Error | undefined> {
    return new Promise((done) => {
      const socket = createConnection(this.#options.path);
      const splitter = new RecordSplitter((_from, to, frame) => this.#receive(to, frame), 'manager');
      socket.on('connect', () => {
        socket.on('close', () => this.#wait.end({ kind: 'crash', text: 'the connection has ended' }));
        done(undefined);
      });
      socket.on('error', done);
      socket.on('data', (chunk) => {
        try {
          splitter.push(chunk);
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
          this.#wait.end({ kind: 'crash', text: `bad record: ${error.message}` });
        }
      });
      this.#socket = socket;
    });
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
