import {
  Endpoint,
  type GenerationName,
  type Hazard,
  HostError,
  type OutgoingCall,
} from '../../host/index.js';
import {
  failWith,
  type Hypercall,
  type Running,
  type VmEffect,
  type WaitEffect,
  waitEnded,
} from '../../host/vm-manager/index.js';
import { QueueError } from '../../transport/index.js';

const NOTHING = new Uint8Array();

/** What an operation ended with. */
export type Outcome<T> = { readonly value: T } | { readonly error: HostError };

/** The world around a client. */
export interface RmClientPort {
  /** Sends a queue message to RM. The world tries again as long as the queue is full. */
  readonly send: (frame: Uint8Array) => void;
  /** A notification has come. `payload` is empty where the real client passes a null pointer to its handlers. */
  readonly notified: (id: number, payload: Uint8Array) => void;
  /** Makes a hypercall. @throws HostError when the hypervisor refuses. */
  readonly hypercall: (hypercall: Hypercall) => Uint8Array;
  /** The real client would leak memory or crash here. */
  readonly hazard: (hazard: Hazard) => void;
}

/** An operation in progress. */
interface Task {
  readonly operation: Running<unknown>;
  readonly ended: (outcome: Outcome<unknown>) => void;
}

/**
 * The RM client in a VM of a world, and the operations that use it. An operation runs until it has to wait and goes on
 * when a received frame ends the wait. There are no timers and no promises.
 */
export class RmClient {
  readonly #endpoint: Endpoint;
  readonly #port: RmClientPort;
  /** Frames that the generation has not read yet. */
  readonly #inbox: Uint8Array[] = [];
  readonly #calls = new Map<OutgoingCall, { readonly task: Task; readonly effect: VmEffect }>();
  #waits: { readonly task: Task; readonly effect: WaitEffect }[] = [];

  constructor(generation: GenerationName, port: RmClientPort) {
    this.#endpoint = new Endpoint(generation);
    this.#port = port;
  }

  /** Starts an operation; it is told how it ended, perhaps before this returns. */
  run<T>(operation: Running<T>, ended: (outcome: Outcome<T>) => void): void {
    const task: Task = { operation, ended: (outcome) => ended(outcome as Outcome<T>) };
    this.#step(task, () => operation.next(NOTHING));
    this.settle();
  }

  /** A frame has come, with an interrupt. */
  received(frame: Uint8Array): void {
    this.#inbox.push(frame);
    this.#endpoint.receive(() => this.#inbox.shift());
    this.settle();
  }

  /**
   * Must be called when no event is left. Ends all calls without a reply, and all waits that may be ended.
   *
   * @returns false when there was nothing to end.
   */
  giveUp(): boolean {
    const calls = [...this.#calls.keys()];
    const bounded = this.#waits.filter(({ effect }) => effect.bounded);
    this.#waits = this.#waits.filter(({ effect }) => !effect.bounded);
    for (const call of calls) this.#endpoint.giveUp(call);
    for (const { task, effect } of bounded)
      this.#step(task, () => failWith(task.operation, effect, waitEnded(effect)));
    this.settle();
    return calls.length + bounded.length > 0;
  }

  /** Runs an operation until it has to wait. */
  #step(task: Task, resume: () => IteratorResult<VmEffect, unknown>): void {
    let next = resume;
    for (;;) {
      let result: IteratorResult<VmEffect, unknown>;
      try {
        result = next();
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        task.ended({ error });
        return;
      }
      if (result.done) {
        task.ended({ value: result.value });
        return;
      }
      const then = this.#begin(task, result.value);
      if (then === undefined) return;
      next = then;
    }
  }

  /** Begins an effect of an operation. @returns how to go on at once; undefined when the operation has to wait. */
  #begin(task: Task, effect: VmEffect): (() => IteratorResult<VmEffect, unknown>) | undefined {
    const { operation } = task;
    if (effect.kind === 'wait') {
      if (effect.ready()) return () => operation.next(NOTHING);
      this.#waits.push({ task, effect });
      return undefined;
    }
    try {
      if (effect.kind === 'hypercall') {
        const answer = this.#port.hypercall(effect.hypercall);
        return () => operation.next(answer);
      }
      this.#calls.set(this.#endpoint.start(effect.message, effect.payload), { task, effect });
      return undefined;
    } catch (error) {
      return () => failWith(operation, effect, error);
    }
  }

  /**
   * Sends all frames that are ready and resumes all operations that can go on. Must be called when something else changes
   * that they may wait for.
   */
  settle(): void {
    do {
      for (
        let transmit = this.#endpoint.nextTransmit();
        transmit !== undefined;
        transmit = this.#endpoint.nextTransmit()
      ) {
        this.#port.send(transmit.frame);
        this.#endpoint.sent({ error: QueueError.OK, notFull: true });
      }
    } while (this.#handleEvent() || this.#endWait());
  }

  #handleEvent(): boolean {
    const event = this.#endpoint.nextEvent();
    switch (event?.kind) {
      case 'returned':
        this.#returned(event.call, ({ operation }) => operation.next(event.payload));
        break;
      case 'failed':
        this.#returned(event.call, ({ operation }, effect) => failWith(operation, effect, event.error));
        break;
      case 'notification':
        this.#port.notified(event.id, event.payload ?? NOTHING);
        break;
      case 'hazard':
        this.#port.hazard(event.hazard);
        break;
      case undefined:
        return false;
    }
    return true;
  }

  #returned(
    call: OutgoingCall,
    resume: (task: Task, effect: VmEffect) => IteratorResult<VmEffect, unknown>,
  ): void {
    const waiting = this.#calls.get(call);
    this.#calls.delete(call);
    if (waiting !== undefined) this.#step(waiting.task, () => resume(waiting.task, waiting.effect));
  }

  /** Resumes one operation whose wait is over. @returns false when there is none. */
  #endWait(): boolean {
    const index = this.#waits.findIndex(({ effect }) => effect.ready());
    const [wait] = index < 0 ? [] : this.#waits.splice(index, 1);
    if (wait === undefined) return false;
    this.#step(wait.task, () => wait.task.operation.next(NOTHING));
    return true;
  }
}
