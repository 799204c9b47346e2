import {
  heapQueryType,
  VM_ADD_HEAP_MEMORY,
  VM_QUERY_HEAP_MEMORY,
  VM_REMOVE_HEAP_MEMORY,
} from '../../../../schemas/index.js';
import type { Infer, InferInput } from '../../../schema/index.js';
import type { Calling } from '../../effect.js';
import { HostError } from '../../error.js';
import { decodeReply } from '../call.js';
import { qcomHazards } from './hazards.js';
import { fail, isAnswer, type QcomKernel } from './kernel.js';

/** The parcels or the sizes of a heap, as asked for. Empty for an unknown question. */
export type HeapAnswer = Infer<typeof VM_QUERY_HEAP_MEMORY.reply> | Record<string, never>;

type HeapQuestion = InferInput<typeof VM_QUERY_HEAP_MEMORY.request>;

const { MP, MEM } = heapQueryType.values;
/** Bytes of the count of parcels, which the client reads before it checks anything. */
const COUNT_SIZE = 4;

/** The calls about heaps of the hypervisor (q612). */
export function heapCalls(kernel: QcomKernel) {
  const { name } = VM_QUERY_HEAP_MEMORY;

  const memoryCall = (message: typeof VM_ADD_HEAP_MEMORY | typeof VM_REMOVE_HEAP_MEMORY) =>
    function* (heap_handle: number, mem_handle: number): Calling<void> {
      // The client ignores the payload of the reply.
      yield* kernel.exchange(message, { heap_handle, mem_handle });
    };

  /** The client reads the reply before it checks whether the call failed. */
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
      // The caller in the driver frees the payload only if the call succeeded.
      if (reply.length > 0) kernel.report(qcomHazards.lost_reply);
      throw error;
    }
  }

  return {
    /**
     * Asks about a heap: MP (1) for its parcels, MEM (2) for its sizes. Other questions are sent too, and their reply must
     * have no payload. EINVAL for a reply of another size.
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

    addHeapMemory: memoryCall(VM_ADD_HEAP_MEMORY),

    removeHeapMemory: memoryCall(VM_REMOVE_HEAP_MEMORY),
  };
}
