/**
 * Message queues as the hypervisor has them: one direction, whole messages, a fixed depth, with the hypervisor's
 * results and interrupts. Use a pair of {@link MessageQueue} to connect a client or a manager of your own. The queues know
 * nothing of the RPC's framing, which src/rpc has, and nothing of who owns their ends.
 */
export {
  MessageQueue,
  QUEUE_DEPTH_DEFAULT,
  QUEUE_MESSAGE_SIZE_MAX,
  QueueError,
  type QueueOptions,
  type ReceiveResult,
  type SendResult,
} from './message-queue.js';
