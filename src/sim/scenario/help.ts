import { faultEffects } from '../faults.js';
import { behaviours } from '../kernels/guest.js';
import { operationHelp } from './operations.js';

/** Longer left columns stand on a line of their own. */
const LEFT_SIZE_MAX = 56;

/** Two columns: what can be written, and what it does. */
function table(rows: readonly (readonly [left: string, right: string])[]): string {
  const size = Math.min(LEFT_SIZE_MAX, Math.max(...rows.map(([left]) => left.length)));
  return rows
    .map(([left, right]) =>
      left.length > size ? `  ${left}\n  ${' '.repeat(size)}  ${right}` : `  ${left.padEnd(size)}  ${right}`,
    )
    .join('\n');
}

/** The scenario format, for people; `simulate --help-format` prints it. */
export const formatHelp = `Scenarios are NDJSON: a first line, then one step per line. Recordings of real managers are scenarios too.

First line
  {"scenario":"boot","description":"...","profile":"native","seed":1,"careful":false,
   "platform":{"queue_depth":8,"hlos_owns_io":false,"debug_build":false},
   "delays":{"put_ns":1000,"take_ns":1000,"jitter_ns":0}}
  Only "scenario" must be there. put_ns: from a VM's sending to the message's place on the queue. take_ns: from RM's
  putting a message on a queue to the VM's taking it. jitter_ns: 0 to so many more, drawn from the seed.

Messages
  {"from":3,"name":"VM_ALLOC_VMID","payload":{"vmid":0}}
  Keys as decode --json prints them (name or id, type, seq, payload, rest, raw, sizes ...). A VM's requests are numbered
  from 0 unless they have a seq.
  {"from":3,"frame":"210100000100005600000000"} is one queue message as it stands.

When
  A step begins when everything before has settled: nothing is on its way any more. With "at" it begins at that time, in
  nanoseconds from the start, with "after" so long after the start of the step before, whatever is still on its way.
  "times":63 does the step so often.

Learnt values
  "as":"vm" names the payload of the step's reply, or in an expectation that of the message that met it. {"$":"vm.vmid"}
  anywhere in a later line stands for that field; {"$":"accepted.sgl_entries.0.ipa"} goes into lists.

Expectations
  "expect":"OK" is the error of the step's reply.
  "expect":[{"error":"OK","payload":{"vmid":128}},{"to":128,"type":"notification","name":"MEM_SHARED","as":"shared"}]
  Each entry is met by one message: the reply to this step, or a notification to the VM "to" (the sender unless told).
  Keys as decode --json prints them; objects may have more keys, lists have equally many entries. Numbers may be hex.
  "panic":"vm_exit_not_running" expects the manager to die there; "refused":true expects a full or missing queue.
  "refusal":{"code":"in_use","page":"0x88000000","owner":"VM 3","actual":"mapped by vmm"} is something that the
  hypervisor, or the host, refuses during the step: which page, and whose. "seen" is what an access meets.
  "out":[{"to":3,"frame":"hex"}] beside a "frame" is everything that VMs take during the step, byte by byte (capability
  ids apart), as in recordings.

Operations
${table(operationHelp)}

Linux in the primary VM
  {"op":"host","generation":"a14","mode":"careful"}
  boots RM's client and the VM manager of a14 (android14-6.1; or v9, v10, v11, v17, a15, a16) in VM 3. A careful one cleans up
  after every failure, a faithful one does what that generation does. One process has all of the VM's memory, at its
  physical addresses. VMs and guest memory files go by the names that they are made with:
  {"op":"ioctl","name":"CREATE_VM","vm":"a"}
  {"op":"ioctl","name":"LEND_USER_MEM","vm":"a","label":0,"flags":["ALLOW_READ","ALLOW_WRITE","ALLOW_EXEC"],
   "guest_phys_addr":"0x80000000","memory_size":"0x2000000","userspace_addr":"0x88000000"}
  {"op":"ioctl","name":"SET_DTB_CONFIG","vm":"a","guest_phys_addr":"0x81000000","size":"0x100000"}
  {"op":"ioctl","name":"ADD_FUNCTION","vm":"a","type":"vcpu","arg":"00000000"}
  {"op":"ioctl","name":"SET_BOOT_CONTEXT","vm":"a","reg":0,"value":"0x0"}
  {"op":"ioctl","name":"START","vm":"a"}
  {"op":"close","vm":"a"}                                  all descriptors of a VM, once its ioctls have returned
  SET_USER_MEM_REGION, SET_FW_CONFIG and REMOVE_FUNCTION have the keys of LEND_USER_MEM, SET_DTB_CONFIG, ADD_FUNCTION.
  {"op":"ioctl","name":"CREATE_GUEST_MEM","file":"m","size":"0x2000000","flags":[],"address":"0x88000000"}
  {"op":"ioctl","name":"MAP_MEM","vm":"a","file":"m","guest_addr":"0x80000000","flags":["ALLOW_READ"],
   "offset":0,"size":"0x2000000"}
  {"op":"guest_mem","file":"m","do":"pin","holder":"vmm","offset":0,"size":4096}
  "address" is where the file's physical memory begins. "do": map, unmap, pin, unpin, lend, unlend, make_inaccessible,
  make_accessible, truncate (to "size"); each atomic step takes 100 ns, so that others may come in between. fallocate,
  zero_range, punch_hole (or "mode") and release: the process calls the kernel. What is mapped or pinned, the hypervisor
  refuses to move, whoever asks it.
  "result":"EEXIST" is the errno expected, OK unless told. WAITS: it has not returned when nothing happens any more. A
  careful host gives up waiting then, a faithful one never does. "findings":["vmid_lost"]: what the VM manager says it
  has done wrong or cannot clean up. Once a VM has started {"$":"a.vmid"} is its VMID and {"$":"a.handles.0"} the
  handle of its region with label 0. Messages can be sent from VM 3 as well: their numbers begin at 0x8000 then.

Guests
  {"op":"guest","vmid":{"$":"a.vmid"},"does":["memory","interrupts","console","shutdown"]}
  boots something in a VM that by itself does what "does" names, all of it unless told, until its link to RM ends:
${table(Object.entries(behaviours).map(([name, { doc }]) => [name, doc]))}
  What it tries in vain is printed.

Fault rules
  {"kind":"drop","match":{"from":3,"to":255,"type":"request","message":"VM_START","probability":0.1},"limit":3}
  The first rule that matches a queue message decides. What "match" leaves out matches everything. "limit": acts so many
  times. "ns" is 1 ms unless told. "kind" says what becomes of the message:
${table(Object.entries(faultEffects).map(([kind, { help }]) => [kind, help]))}
`;
