import {
  heapQueryType,
  VM_ADD_HEAP_MEMORY,
  VM_QUERY_HEAP_MEMORY,
  VM_REMOVE_HEAP_MEMORY,
} from '../../../../schemas/index.js';
import type { Infer, InferInput } from '../../../schema/index.js';
import type { Calling } from '../../effect.js';
import { HostError } from '../../error.js';
import { qcomHazards } from './hazards.js';
import { decodeReply, fail, isAnswer, type QcomKernel } from './kernel.js';

/** What a heap is made of, or how full it is: the question decides. Nothing for questions that nobody knows. */
export type HeapAnswer = Infer<typeof VM_QUERY_HEAP_MEMORY.reply> | Record<string, never>;

type HeapQuestion = InferInput<typeof VM_QUERY_HEAP_MEMORY.request>;

const { MP, MEM } = heapQueryType.values;
/** Bytes of the count of parcels, which is read before anything is checked. */
const COUNT_SIZE = 4;

/** The calls for the hypervisor's heaps (q612). */
export function heapCalls(kernel: QcomKernel) {
  const { name } = VM_QUERY_HEAP_MEMORY;

  const memoryCall = (message: typeof VM_ADD_HEAP_MEMORY | typeof VM_REMOVE_HEAP_MEMORY) =>
    function* (heap_handle: number, mem_handle: number): Calling<void> {
      // Whatever payload the reply has is not looked at.
      yield* kernel.exchange(message, { heap_handle, mem_handle });
    };

  /** What the client makes of a call that failed: it looks at the reply first. */
  function afterFailure(type: number, error: HostError): never {
    const hazard = type === MP ? qcomHazards.heap_parcels_unread : undefined;
    const errno = type === MEM ? 'EINVAL' : error.errno;
    throw new HostError(name, errno, error.endedBy, error, hazard);
  }

  function readAnswer(request: HeapQuestion, reply: Uint8Array): HeapAnswer {
    try {
      const known = request.type === MP || request.type === MEM;
      if (known) return decodeReply(VM_QUERY_HEAP_MEMORY, reply, 'EINVAL', request);
      if (reply.length === 0) return {};
      return fail(name, 'EINVAL', 'reply', { code: 'reply_size', expected: 0, actual: reply.length });
    } catch (error) {
      // The driver's own caller frees what it was given only if the call succeeded.
      if (reply.length > 0) kernel.report(qcomHazards.lost_reply);
      throw error;
    }
  }

  return {
    /**
     * Asks about a heap: MP (1) for its parcels, MEM (2) for its sizes; any other question is sent too, and must get no
     * payload. A reply of another size is EINVAL.
     */
    *heapQuery(heap_handle: number, type: number): Calling<HeapAnswer> {
      const request = { heap_handle, type };
      let reply: Uint8Array;
      try {
        reply = yield* kernel.exchange(VM_QUERY_HEAP_MEMORY, request);
      } catch (error) {
        if (!isAnswer(error)) throw error;
        return afterFailure(type, error);
      }
      if (type === MP && reply.length < COUNT_SIZE) {
        const fault = { code: 'reply_size', expected: `${COUNT_SIZE} or more`, actual: reply.length };
        fail(name, 'EINVAL', 'reply', fault, qcomHazards.heap_parcels_unread);
      }
      return readAnswer(request, reply);
    },

    /** Gives the memory of a parcel to a heap. */
    addHeapMemory: memoryCall(VM_ADD_HEAP_MEMORY),

    /** Takes the memory of a parcel back from a heap. */
    removeHeapMemory: memoryCall(VM_REMOVE_HEAP_MEMORY),
  };
}
