/*
 * A small resource manager with twelve planted defects, to measure fuzzers with (`npm run bench:defects`). Layouts and errors
 * are those of the protocol. VMs, memory parcels, interrupts and consoles are only books: there is no memory behind them.
 *
 * The depth of a defect is the number of requests of the shortest session that reaches it. The test
 * small-manager.tools.test.ts plays these sessions. Labels, marks and section names are constants of four letters.
 *
 * defect depth  the requests, and what the last one has
 *    1     1    VM_IRQ_LEND: a number behind the table of interrupts
 *    2     1    VM_SET_CRASH_MSG by HLOS: a report with a length above what is kept
 *    3     2    VM_ALLOC_VMID, MEM_SHARE: labelled as ring, its size is no power of two
 *    4     2    VM_ALLOC_VMID, MEM_SHARE: two attributes, the second one is none that there is
 *    5     3    VM_ALLOC_VMID, MEM_LEND of an open heap, MEM_APPEND: more ranges than a heap has room for
 *    6     4    a VM configured with authentication, VM_AUTH_IMAGE: a digest that is too long
 *    7     4    VM_ALLOC_VMID, VM_IRQ_LEND of a watchdog, VM_DEALLOC_VMID, VM_IRQ_RECLAIM
 *    8     5    a VM that is ready, VM_SET_CRASH_MSG by it: a report with a trace of too many frames
 *    9     6    a VM that is ready, VM_CONSOLE_OPEN, VM_CONSOLE_WRITE: the sequence that sets a clipboard
 *   10     7    a VM that is ready, three MEM_SHARE labelled as dump
 *   11     8    a VM that is ready, VM_IRQ_LEND of a watchdog, VM_IRQ_ACCEPT, VM_START, VM_IRQ_RELEASE
 *   12     8    a VM that is ready, VM_START, VM_STOP that freezes it, VM_RESET, MEM_RECLAIM of its image
 *
 * A VM is configured after VM_ALLOC_VMID, MEM_LEND and VM_CONFIG_IMAGE, and ready after VM_INIT.
 */
#include "small-manager.h"

#include <string.h>

#include "gunyah_rm.h" /* gunyah-rm export c */

#define ID(name) GUNYAH_RM_ID_##name
#define ERROR(name) GUNYAH_RM_ERROR_##name
#define STATE(name) GUNYAH_RM_VM_STATUS_##name
#define LETTERS(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

enum {
	HEADER = GUNYAH_RM_LIMIT_HEADER,
	HLOS = GUNYAH_RM_VMID_HLOS,
	PARCELS = 64,
	MEMBERS = 4,
	RANGES = 16,
	HEAP_RANGES = 8,
	ATTRIBUTES = 4,
	PAGE = 4096,
	INTERRUPTS = 1020,
	LOANS = 16,
	DIGEST_MAX = 64,
	REPORT_MAX = GUNYAH_RM_LIMIT_CRASH_MESSAGE,
	TRACE_FRAMES = 16,
	ESCAPE = 0x1b,
};

#define RING_LABEL LETTERS('R', 'I', 'N', 'G')
#define HEAP_LABEL LETTERS('H', 'E', 'A', 'P')
#define DUMP_LABEL LETTERS('D', 'U', 'M', 'P')
#define WATCHDOG_LABEL LETTERS('W', 'D', 'O', 'G')
#define REPORT_MARK LETTERS('R', 'E', 'P', 'T')
#define TRACE_SECTION LETTERS('O', 'O', 'P', 'S')
#define DIGEST_PARAMETER LETTERS('H', 'A', 'S', 'H')
#define FREEZE_REASON LETTERS('F', 'R', 'Z', 'E')

/* How much of ESC ] 5 2 ; the console has seen. */
enum console_state { TEXT, AFTER_ESCAPE, COMMAND, COMMAND_5, COMMAND_52 };

struct vm {
	unsigned vmid, state; /* no state: there is no such VM */
	uint32_t image;
	unsigned dumps;
	int is_frozen, has_watchdog, has_console;
	enum console_state console;
};

struct parcel {
	int is_used, is_open;
	uint32_t handle, label;
	unsigned owner;
	size_t members, ranges;
	unsigned member[MEMBERS];
	uint64_t size;
};

struct loan {
	int is_used, is_accepted, is_watchdog, is_orphan;
	unsigned borrower;
	uint32_t virq;
};

struct message {
	uint32_t id;
	unsigned fragments, missing, seq;
	size_t size;
	uint8_t payload[GUNYAH_RM_LIMIT_MAX_PAYLOAD + 64];
};

static struct {
	struct vm vms[VMIDS];
	struct parcel parcels[PARCELS];
	struct loan loans[LOANS];
	uint8_t is_lent[INTERRUPTS];
	unsigned last_vmid;
	int is_dead;
} rm;
static struct message in_progress[VMIDS];
/* What the reply holds behind its error. */
static uint32_t answer;
static int has_answer;

#define DEFECT_IF(condition, number)                       \
	do {                                               \
		if (condition) {                           \
			rm.is_dead = 1;                    \
			manager_died(number, __func__);    \
			return ERROR(OK);                  \
		}                                          \
	} while (0)

/* The handler answers with the error unless the condition holds. */
#define CHECK(condition, error)                       \
	do {                                          \
		if (!(condition))                     \
			return ERROR(error);          \
	} while (0)

/* An integer of up to eight bytes. This machine and the protocol are both little-endian. */
static uint64_t get(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, bytes, size);
	return value;
}

static uint32_t reply_with(uint32_t value)
{
	answer = value;
	has_answer = 1;
	return ERROR(OK);
}

static struct vm *find_vm(uint64_t vmid)
{
	return vmid < VMIDS && rm.vms[vmid].state != 0 ? &rm.vms[vmid] : NULL;
}

/* The VM that the first two bytes of the request name. */
static struct vm *subject(const struct message *m)
{
	return find_vm(get(m->payload, 2));
}

static struct parcel *find_parcel(uint64_t handle)
{
	return handle >= 1 && handle <= PARCELS && rm.parcels[handle - 1].is_used ? &rm.parcels[handle - 1] : NULL;
}

static int has_member(const struct parcel *parcel, unsigned vmid)
{
	for (size_t i = 0; i < parcel->members; i++)
		if (parcel->member[i] == vmid)
			return 1;
	return 0;
}

static struct loan *find_loan(uint64_t handle)
{
	return handle >= 1 && handle <= LOANS && rm.loans[handle - 1].is_used ? &rm.loans[handle - 1] : NULL;
}

/* Virtual machines. The table of requests says which need HLOS as sender and a VM that is there. */

static uint32_t alloc_vmid(unsigned from, const struct message *m)
{
	unsigned vmid = GUNYAH_RM_VMID_DYNAMIC_FIRST;

	CHECK(get(m->payload, 2) == 0, NORESOURCE);
	while (vmid < GUNYAH_RM_VMID_DYNAMIC_LAST && find_vm(vmid) != NULL)
		vmid++;
	CHECK(find_vm(vmid) == NULL, NORESOURCE);
	rm.vms[vmid] = (struct vm){ .vmid = vmid, .state = STATE(LOAD) };
	rm.last_vmid = vmid;
	return reply_with(vmid);
}

static uint32_t dealloc_vmid(unsigned from, const struct message *m)
{
	struct vm *vm = subject(m);

	CHECK(vm->state == STATE(LOAD) || vm->state == STATE(RESET), VM_STATE);
	for (size_t i = 0; i < LOANS; i++)
		if (rm.loans[i].is_watchdog && rm.loans[i].borrower == vm->vmid)
			rm.loans[i].is_orphan = 1;
	vm->state = 0;
	return ERROR(OK);
}

static uint32_t config_image(unsigned from, const struct message *m)
{
	const uint64_t mechanism = get(m->payload + 2, 2), tree = get(m->payload + 24, 8);
	struct parcel *parcel = find_parcel(get(m->payload + 4, 4));
	struct vm *vm = subject(m);

	CHECK(vm->state == STATE(LOAD) || vm->state == STATE(RESET), VM_STATE);
	CHECK(mechanism <= GUNYAH_RM_AUTH_MECH_QCOM_ANDROID_PVM, ARGUMENT_INVALID);
	CHECK(parcel != NULL, HANDLE_INVALID);
	CHECK(has_member(parcel, vm->vmid) && !parcel->is_open, MEM_INVALID);
	CHECK(tree <= parcel->size && get(m->payload + 32, 8) <= parcel->size - tree, ARGUMENT_INVALID);
	vm->image = parcel->handle;
	vm->state = mechanism == GUNYAH_RM_AUTH_MECH_QCOM_PIL_ELF ? STATE(AUTH) : STATE(INIT);
	return ERROR(OK);
}

static uint32_t auth_image(unsigned from, const struct message *m)
{
	const size_t count = (size_t)get(m->payload + 2, 2);

	CHECK(m->size == 4 + 8 * count, MSG_INVALID);
	CHECK(subject(m)->state == STATE(AUTH), VM_STATE);
	for (const uint8_t *at = m->payload + 4; at < m->payload + m->size; at += 8)
		if (get(at, 4) == DIGEST_PARAMETER)
			DEFECT_IF(get(at + 4, 4) > DIGEST_MAX, 6);
	subject(m)->state = STATE(INIT);
	return ERROR(OK);
}

static uint32_t init(unsigned from, const struct message *m)
{
	CHECK(subject(m)->state == STATE(INIT), VM_STATE);
	subject(m)->state = STATE(READY);
	return ERROR(OK);
}

static uint32_t start(unsigned from, const struct message *m)
{
	struct vm *vm = subject(m);

	CHECK(vm->state == STATE(READY), VM_STATE);
	vm->state = STATE(RUNNING);
	for (size_t i = 0; i < LOANS; i++)
		if (rm.loans[i].borrower == vm->vmid && rm.loans[i].is_accepted && rm.loans[i].is_watchdog)
			vm->has_watchdog = 1;
	return ERROR(OK);
}

static uint32_t stop(unsigned from, const struct message *m)
{
	struct vm *vm = subject(m);

	CHECK(vm->state == STATE(RUNNING), VM_STATE);
	if (m->payload[2] & GUNYAH_RM_VM_STOP_FLAGS_FORCE_STOP) {
		if (get(m->payload + 4, 4) == FREEZE_REASON)
			vm->is_frozen = 1;
		vm->state = STATE(EXITED);
	}
	return ERROR(OK);
}

/* A frozen VM keeps its image. */
static uint32_t reset(unsigned from, const struct message *m)
{
	struct vm *vm = subject(m);

	CHECK(vm->state == STATE(EXITED) || vm->state == STATE(READY), VM_STATE);
	for (size_t i = 0; i < LOANS; i++)
		if (rm.loans[i].borrower == vm->vmid)
			rm.loans[i].is_accepted = 0;
	vm->has_console = vm->has_watchdog = 0;
	vm->console = TEXT;
	if (!vm->is_frozen)
		vm->image = 0;
	vm->state = STATE(RESET);
	return ERROR(OK);
}

/* A report of HLOS has a mark and a length; that of a VM a mark, the name of a section, and the number of its frames. */
static uint32_t read_report(const uint8_t *text, size_t size)
{
	if (size >= 10 && get(text, 4) == REPORT_MARK && get(text + 4, 4) == TRACE_SECTION)
		DEFECT_IF(get(text + 8, 2) > TRACE_FRAMES, 8);
	return ERROR(OK);
}

static uint32_t set_crash_message(unsigned from, const struct message *m)
{
	const size_t size = (size_t)get(m->payload, 2), padded = (size + 3) & ~(size_t)3;
	const uint8_t *text = m->payload + 4;

	CHECK(m->size == 4 + padded, MSG_INVALID);
	for (size_t i = size; i < padded; i++)
		CHECK(text[i] == 0, MSG_INVALID);
	if (from != HLOS)
		return read_report(text, size);
	if (size >= 6 && get(text, 4) == REPORT_MARK)
		DEFECT_IF(get(text + 4, 2) > REPORT_MAX, 2);
	return ERROR(OK);
}

/* Memory parcels */

struct list {
	size_t count;
	const uint8_t *entries;
};

/* Reads lists from an offset to the end of the request. Entries have 4 bytes, those of the list number `ranges` have 16. */
static int read_lists(const struct message *m, size_t at, struct list *lists, size_t count, size_t ranges)
{
	for (size_t i = 0; i < count && at < m->size; i++) {
		const size_t entry = i == ranges ? 16 : 4;

		if (m->size - at < 4)
			return 0;
		lists[i].count = (size_t)get(m->payload + at, 2);
		lists[i].entries = m->payload + at + 4;
		if (lists[i].count * entry > m->size - at - 4)
			return 0;
		at += 4 + lists[i].count * entry;
	}
	return at == m->size;
}

static uint32_t add_members(struct parcel *parcel, struct list list)
{
	for (size_t i = 0; i < list.count; i++) {
		const uint8_t *entry = list.entries + 4 * i;
		const unsigned vmid = (unsigned)get(entry, 2);

		CHECK(!has_member(parcel, vmid), ARGUMENT_INVALID);
		CHECK(entry[2] >= 4 && entry[2] <= 7, ARGUMENT_INVALID); /* access rights */
		CHECK(vmid == HLOS || find_vm(vmid) != NULL, ARGUMENT_INVALID);
		parcel->member[parcel->members++] = vmid;
	}
	return ERROR(OK);
}

static uint32_t add_attributes(struct parcel *parcel, struct list list)
{
	for (size_t i = 0; i < list.count; i++) {
		const unsigned attribute = (unsigned)get(list.entries + 4 * i, 2);

		CHECK(has_member(parcel, (unsigned)get(list.entries + 4 * i + 2, 2)), VMID_INVALID);
		CHECK(attribute < ATTRIBUTES || i > 0, ARGUMENT_INVALID);
		DEFECT_IF(attribute >= ATTRIBUTES, 4);
	}
	return ERROR(OK);
}

static uint32_t add_ranges(struct parcel *parcel, struct list list)
{
	for (size_t i = 0; i < list.count; i++) {
		const uint64_t start = get(list.entries + 16 * i, 8), size = get(list.entries + 16 * i + 8, 8);

		CHECK(start % PAGE == 0 && size % PAGE == 0, ARGUMENT_INVALID);
		CHECK(size > 0, MEM_INVALID);
		parcel->size += size;
	}
	parcel->ranges += list.count;
	return ERROR(OK);
}

static uint32_t add_dump(const struct parcel *parcel)
{
	struct vm *vm = NULL;

	for (size_t i = 0; i < parcel->members; i++)
		if (parcel->member[i] != parcel->owner)
			vm = find_vm(parcel->member[i]);
	CHECK(vm != NULL && (vm->state == STATE(READY) || vm->state == STATE(RUNNING)), DENIED);
	switch (vm->dumps++) {
	case 0:
		return ERROR(OK);
	case 1:
		return ERROR(OK);
	default:
		DEFECT_IF(1, 10);
	}
}

/* MEM_LEND and MEM_SHARE. */
static uint32_t create_parcel(unsigned from, const struct message *m)
{
	struct parcel parcel = { .is_used = 1, .owner = from, .label = (uint32_t)get(m->payload + 4, 4) };
	struct list lists[3] = { 0 };
	uint32_t error;
	size_t place = 0;

	CHECK(read_lists(m, 8, lists, 3, 1), MSG_INVALID);
	CHECK(lists[0].count > 0 && lists[1].count > 0, ARGUMENT_INVALID);
	CHECK(lists[0].count <= MEMBERS && lists[1].count <= RANGES, NORESOURCE);
	while (place < PARCELS && rm.parcels[place].is_used)
		place++;
	CHECK(place < PARCELS, DENIED);
	parcel.is_open = m->payload[2] & GUNYAH_RM_MEM_SHARE_FLAGS_APPEND;
	parcel.handle = (uint32_t)place + 1;
	if ((error = add_members(&parcel, lists[0])) != ERROR(OK))
		return error;
	CHECK(has_member(&parcel, from) == (m->id == ID(MEM_SHARE)), ARGUMENT_INVALID);
	if ((error = add_ranges(&parcel, lists[1])) != ERROR(OK) ||
	    (error = add_attributes(&parcel, lists[2])) != ERROR(OK))
		return error;
	if (m->id == ID(MEM_SHARE) && parcel.label == DUMP_LABEL && (error = add_dump(&parcel)) != ERROR(OK))
		return error;
	if (m->id == ID(MEM_SHARE) && parcel.label == RING_LABEL)
		DEFECT_IF((parcel.size & (parcel.size - 1)) != 0, 3);
	rm.parcels[place] = parcel;
	return reply_with(parcel.handle);
}

static uint32_t append(unsigned from, const struct message *m)
{
	struct parcel *parcel = find_parcel(get(m->payload, 4));
	struct list list = { 0 };
	uint32_t error;

	CHECK(read_lists(m, 8, &list, 1, 0), MSG_INVALID);
	CHECK(list.count > 0, ARGUMENT_INVALID);
	CHECK(parcel != NULL, HANDLE_INVALID);
	CHECK(parcel->owner == from && parcel->is_open, DENIED);
	if (parcel->label == HEAP_LABEL)
		DEFECT_IF(parcel->ranges + list.count > HEAP_RANGES, 5);
	CHECK(parcel->ranges + list.count <= RANGES, NORESOURCE);
	if ((error = add_ranges(parcel, list)) != ERROR(OK))
		return error;
	if (m->payload[4] & GUNYAH_RM_MEM_APPEND_FLAGS_END)
		parcel->is_open = 0;
	return ERROR(OK);
}

static uint32_t reclaim(unsigned from, const struct message *m)
{
	struct parcel *parcel = find_parcel(get(m->payload, 4));

	CHECK(parcel != NULL, HANDLE_INVALID);
	CHECK(from == parcel->owner, DENIED);
	for (size_t i = 0; i < parcel->members; i++) {
		const struct vm *vm = find_vm(parcel->member[i]);

		if (vm == NULL || vm->image != parcel->handle)
			continue;
		DEFECT_IF(vm->state == STATE(RESET), 12);
		CHECK(vm->state != STATE(RUNNING) && vm->state != STATE(EXITED), MEM_INUSE);
	}
	parcel->is_used = 0;
	return ERROR(OK);
}

/* Interrupts */

static uint32_t lend_interrupt(unsigned from, const struct message *m)
{
	const uint32_t virq = (uint32_t)get(m->payload + 4, 4);
	const struct vm *vm = subject(m);
	uint32_t place = 0;

	DEFECT_IF(virq >= INTERRUPTS, 1);
	CHECK(!rm.is_lent[virq], IRQ_INUSE);
	CHECK(vm != NULL, VMID_INVALID);
	while (place < LOANS && rm.loans[place].is_used)
		place++;
	CHECK(place < LOANS, NORESOURCE);
	rm.is_lent[virq] = 1;
	rm.loans[place] = (struct loan){ .is_used = 1, .borrower = vm->vmid, .virq = virq };
	if (get(m->payload + 8, 4) == WATCHDOG_LABEL)
		rm.loans[place].is_watchdog = 1;
	return reply_with(place + 1);
}

/* VM_IRQ_ACCEPT and VM_IRQ_RELEASE by the borrower. */
static uint32_t borrow_interrupt(unsigned from, const struct message *m)
{
	const int accepts = m->id == ID(VM_IRQ_ACCEPT);
	const uint64_t wanted = get(m->payload + 4, 4);
	struct loan *loan = find_loan(get(m->payload, 4));
	const struct vm *vm = find_vm(from);

	CHECK(vm != NULL && loan != NULL && loan->borrower == from, HANDLE_INVALID);
	CHECK(loan->is_accepted != accepts, IN_USE);
	CHECK(!accepts || wanted == GUNYAH_RM_VIRQ_ANY || wanted == loan->virq, ARGUMENT_INVALID);
	if (loan->is_watchdog)
		DEFECT_IF(!accepts && vm->has_watchdog, 11);
	loan->is_accepted = accepts;
	return accepts ? reply_with(loan->virq) : ERROR(OK);
}

static uint32_t reclaim_interrupt(unsigned from, const struct message *m)
{
	struct loan *loan = find_loan(get(m->payload, 4));

	CHECK(loan != NULL, HANDLE_INVALID);
	DEFECT_IF(loan->is_orphan, 7);
	CHECK(!loan->is_accepted, IN_USE);
	rm.is_lent[loan->virq] = 0;
	*loan = (struct loan){ 0 };
	return ERROR(OK);
}

/* Consoles */

static uint32_t show(struct vm *vm, uint8_t character)
{
	const enum console_state before = vm->console;

	vm->console = TEXT;
	if (before == TEXT && character == ESCAPE)
		vm->console = AFTER_ESCAPE;
	else if (before == AFTER_ESCAPE && character == ']')
		vm->console = COMMAND;
	else if (before == COMMAND && character == '5')
		vm->console = COMMAND_5;
	else if (before == COMMAND_5 && character == '2')
		vm->console = COMMAND_52;
	else if (before == COMMAND_52)
		DEFECT_IF(character == ';', 9);
	return ERROR(OK);
}

/* VMs use their own consoles only. */
static uint32_t open_console(unsigned from, const struct message *m)
{
	const uint64_t vmid = get(m->payload, 2);

	CHECK(from != HLOS && (vmid == 0 || vmid == from), DENIED);
	find_vm(from)->has_console = 1;
	return ERROR(OK);
}

static uint32_t write_console(unsigned from, const struct message *m)
{
	const size_t size = (size_t)get(m->payload + 2, 2);
	struct vm *vm = find_vm(from);

	CHECK(m->size == 4 + size, MSG_INVALID);
	CHECK(vm != NULL && vm->has_console, DENIED);
	for (size_t i = 0; i < size && !rm.is_dead; i++)
		show(vm, m->payload[4 + i]);
	return ERROR(OK);
}

enum rules { AT_LEAST = 1, BY_HLOS = 2, OF_VM = 4 };

/* Each request with the size of its payload, which is the least one where that is said, and who sends it about whom. */
static const struct {
	uint32_t id;
	size_t size;
	unsigned rules;
	uint32_t (*handle)(unsigned from, const struct message *m);
} handlers[] = {
	{ ID(VM_ALLOC_VMID), 4, BY_HLOS, alloc_vmid },
	{ ID(VM_DEALLOC_VMID), 4, BY_HLOS | OF_VM, dealloc_vmid },
	{ ID(VM_CONFIG_IMAGE), 40, BY_HLOS | OF_VM, config_image },
	{ ID(VM_AUTH_IMAGE), 4, AT_LEAST | BY_HLOS | OF_VM, auth_image },
	{ ID(VM_INIT), 4, BY_HLOS | OF_VM, init },
	{ ID(VM_START), 4, BY_HLOS | OF_VM, start },
	{ ID(VM_STOP), 8, BY_HLOS | OF_VM, stop },
	{ ID(VM_RESET), 4, BY_HLOS | OF_VM, reset },
	{ ID(VM_SET_CRASH_MSG), 4, AT_LEAST, set_crash_message },
	{ ID(MEM_LEND), 20, AT_LEAST, create_parcel },
	{ ID(MEM_SHARE), 20, AT_LEAST, create_parcel },
	{ ID(MEM_APPEND), 12, AT_LEAST, append },
	{ ID(MEM_RECLAIM), 8, AT_LEAST, reclaim },
	{ ID(VM_IRQ_LEND), 12, BY_HLOS, lend_interrupt },
	{ ID(VM_IRQ_ACCEPT), 8, 0, borrow_interrupt },
	{ ID(VM_IRQ_RELEASE), 4, 0, borrow_interrupt },
	{ ID(VM_IRQ_RECLAIM), 4, BY_HLOS, reclaim_interrupt },
	{ ID(VM_CONSOLE_OPEN), 4, 0, open_console },
	{ ID(VM_CONSOLE_WRITE), 4, AT_LEAST, write_console },
};

static uint32_t handle(unsigned from, const struct message *m)
{
	has_answer = 0;
	for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
		const unsigned rules = handlers[i].rules;

		if (handlers[i].id != m->id)
			continue;
		CHECK(rules & AT_LEAST ? m->size >= handlers[i].size : m->size == handlers[i].size, MSG_INVALID);
		CHECK(!(rules & BY_HLOS) || from == HLOS, DENIED);
		CHECK(!(rules & OF_VM) || subject(m) != NULL, VMID_INVALID);
		return handlers[i].handle(from, m);
	}
	return ERROR(UNIMPLEMENTED);
}

static void reply(unsigned to, const struct message *m, uint32_t error)
{
	const uint32_t words[] = { 0x0221 | m->seq << 16, m->id, error, answer };
	const size_t count = error == ERROR(OK) && has_answer ? 4 : 3;

	vm_gets(to, (const uint8_t *)words, count * sizeof *words);
}

/* VMs have queues from VM_INIT on. */
static int has_queue(unsigned vmid)
{
	const struct vm *vm = find_vm(vmid);

	return vmid == HLOS || (vm != NULL && vm->state != STATE(LOAD) && vm->state != STATE(AUTH) &&
				vm->state != STATE(INIT));
}

/* The rules of fragments. */
void manager_receive(unsigned from, const uint8_t *frame, size_t size)
{
	struct message *m = &in_progress[from];
	const unsigned type = frame[1] & 3, fragments = frame[1] >> 2, seq = (unsigned)get(frame + 2, 2);
	const uint32_t id = (uint32_t)get(frame + 4, 4);
	uint32_t error;

	if (size < HEADER || size > QUEUE_MESSAGE || frame[0] != 0x21 || !has_queue(from) ||
	    fragments > GUNYAH_RM_LIMIT_MAX_CONTINUATIONS)
		return;
	if (type != GUNYAH_RM_MSG_TYPE_CONTINUATION)
		*m = (struct message){ .id = id, .seq = seq, .fragments = fragments, .missing = fragments + 1 };
	if (type == GUNYAH_RM_MSG_TYPE_REPLY || type == GUNYAH_RM_MSG_TYPE_NOTIFICATION)
		m->missing = 0;
	if (m->missing == 0 || m->id != id || m->seq != seq || m->fragments != fragments)
		return;
	memcpy(m->payload + m->size, frame + HEADER, size - HEADER);
	m->size += size - HEADER;
	if (--m->missing > 0)
		return;
	error = handle(from, m);
	if (!rm.is_dead)
		reply(from, m, error);
}

void manager_boot(void)
{
	memset(&rm, 0, sizeof rm);
	for (size_t i = 0; i < VMIDS; i++)
		in_progress[i].missing = 0;
}

unsigned manager_last_vmid(void)
{
	return rm.last_vmid;
}
