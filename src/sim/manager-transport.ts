import { constants } from '../../schemas/index.js';
import { UsageError } from '../base/error.js';
import { queueTransport, type Transport } from '../host/index.js';
import type { ResourceManager } from '../rm/index.js';

/**
 * The transport of a client in a VM to a simulated manager. The manager runs each time the client has put or taken a
 * message. A reboot of the manager ends the transport.
 *
 * @throws UsageError when that VM has no queues to the manager.
 */
export function managerTransport(manager: ResourceManager, vmid: number = constants.VMID_HLOS): Transport {
  const link = manager.link(vmid);
  if (link === undefined)
    throw new UsageError({ code: 'vmid', path: 'vmid', expected: 'a VM with an RPC link', actual: vmid });
  const { send, take, connect } = queueTransport(link.toManager, link.toVm);
  let running = false;
  const run = () => {
    // The client may take a message as soon as the manager sends it, while the manager still runs.
    if (running) return;
    running = true;
    try {
      manager.run();
    } finally {
      running = false;
    }
  };
  return {
    connect,
    send(frame, push) {
      const sent = send(frame, push);
      run();
      return sent;
    },
    take() {
      const message = take();
      run();
      return message;
    },
  };
}
