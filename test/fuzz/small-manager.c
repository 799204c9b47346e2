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

#include <stdlib.h>
#include <string.h>

#include "gunyah_rm.h" /* gunyah-rm export c */

#define ID(name) GUNYAH_RM_ID_##name
#define ERROR(name) GUNYAH_RM_ERROR_##name
#define STATE(name) GUNYAH_RM_VM_STATUS_##name
#define LETTERS(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

enum {
	HEADER = GUNYAH_RM_LIMIT_HEADER,
	HLOS = GUNYAH_RM_VMID_HLOS,
	NAMED_FIRST = 4,
	NAMED_LAST = 31,
	PARCELS = 64,
	MEMBERS = 4,
	RANGES = 16,
	HEAP_RANGES = 8,
	ATTRIBUTES = 4,
	PAGE = 4096,
	INTERRUPTS = 1020,
	LOANS = 16,
	DIGEST_MAX = 64,
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
	unsigned vmid, state;
	uint32_t image, dumps[2];
	int is_frozen, has_watchdog;
	int is_open, is_open_for_hlos; /* the console */
	enum console_state console;
	uint8_t crash[GUNYAH_RM_LIMIT_CRASH_MESSAGE];
};

struct member {
	unsigned vmid;
	int is_accepted;
};

struct parcel {
	int is_used, is_open;
	uint32_t handle, label;
	unsigned owner;
	size_t members, ranges;
	struct member member[MEMBERS];
	uint64_t size;
	unsigned attribute[MEMBERS];
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
	struct vm *vms[VMIDS];
	struct parcel parcels[PARCELS];
	struct loan loans[LOANS];
	uint8_t is_lent[INTERRUPTS];
	uint32_t next_handle;
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

static uint64_t get(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i > 0; i--)
		value = value << 8 | bytes[i - 1];
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
	return vmid < VMIDS ? rm.vms[vmid] : NULL;
}

/* The VM that the first two bytes of the request name. */
static struct vm *subject(const struct message *m)
{
	return find_vm(get(m->payload, 2));
}

static struct parcel *find_parcel(uint64_t handle)
{
	for (size_t i = 0; i < PARCELS; i++)
		if (rm.parcels[i].is_used && rm.parcels[i].handle == handle)
			return &rm.parcels[i];
	return NULL;
}

static struct member *find_member(struct parcel *parcel, unsigned vmid)
{
	for (size_t i = 0; i < parcel->members; i++)
		if (parcel->member[i].vmid == vmid)
			return &parcel->member[i];
	return NULL;
}

static struct loan *find_loan(uint64_t handle)
{
	return handle >= 1 && handle <= LOANS && rm.loans[handle - 1].is_used ? &rm.loans[handle - 1] : NULL;
}

/* Virtual machines */

static uint32_t alloc_vmid(unsigned from, const struct message *m)
{
	const unsigned wanted = (unsigned)get(m->payload, 2);
	unsigned vmid = wanted == 0 ? GUNYAH_RM_VMID_DYNAMIC_FIRST : wanted;

	CHECK(from == HLOS, DENIED);
	CHECK(wanted == 0 || (wanted >= NAMED_FIRST && wanted <= NAMED_LAST), NORESOURCE);
	while (wanted == 0 && vmid < GUNYAH_RM_VMID_DYNAMIC_LAST && rm.vms[vmid] != NULL)
		vmid++;
	CHECK(rm.vms[vmid] == NULL, NORESOURCE);
	rm.vms[vmid] = calloc(1, sizeof(struct vm));
	rm.vms[vmid]->vmid = rm.last_vmid = vmid;
	rm.vms[vmid]->state = STATE(LOAD);
	return wanted == 0 ? reply_with(vmid) : ERROR(OK);
}

static uint32_t dealloc_vmid(unsigned from, const struct message *m)
{
	struct vm *vm = subject(m);

	CHECK(vm != NULL, VMID_INVALID);
	CHECK(from == HLOS, DENIED);
	CHECK(vm->state == STATE(LOAD) || vm->state == STATE(RESET), VM_STATE);
	for (size_t i = 0; i < LOANS; i++)
		if (rm.loans[i].is_watchdog && rm.loans[i].borrower == vm->vmid)
			rm.loans[i].is_orphan = 1;
	rm.vms[vm->vmid] = NULL;
	free(vm);
	return ERROR(OK);
}

static uint32_t config_image(unsigned from, const struct message *m)
{
	const uint64_t mechanism = get(m->payload + 2, 2), tree = get(m->payload + 24, 8);
	struct parcel *parcel = find_parcel(get(m->payload + 4, 4));
	struct vm *vm = subject(m);

	CHECK(from == HLOS, DENIED);
	CHECK(vm != NULL, VMID_INVALID);
	CHECK(vm->state == STATE(LOAD) || vm->state == STATE(RESET), VM_STATE);
	CHECK(mechanism <= GUNYAH_RM_AUTH_MECH_QCOM_ANDROID_PVM, ARGUMENT_INVALID);
	CHECK(parcel != NULL, HANDLE_INVALID);
	CHECK(find_member(parcel, vm->vmid) != NULL && !parcel->is_open, MEM_INVALID);
	CHECK(tree <= parcel->size && get(m->payload + 32, 8) <= parcel->size - tree, ARGUMENT_INVALID);
	vm->image = parcel->handle;
	vm->state = mechanism == GUNYAH_RM_AUTH_MECH_QCOM_PIL_ELF ? STATE(AUTH) : STATE(INIT);
	return ERROR(OK);
}

static uint32_t change_state(unsigned from, struct vm *vm, unsigned before, unsigned after)
{
	CHECK(from == HLOS, DENIED);
	CHECK(vm != NULL, VMID_INVALID);
	CHECK(vm->state == before, VM_STATE);
	vm->state = after;
	return ERROR(OK);
}

static uint32_t auth_image(unsigned from, const struct message *m)
{
	const size_t count = (size_t)get(m->payload + 2, 2);
	struct vm *vm = subject(m);

	CHECK(m->size == 4 + 8 * count, MSG_INVALID);
	for (const uint8_t *at = m->payload + 4; at < m->payload + m->size; at += 8) {
		if (vm == NULL || vm->state != STATE(AUTH))
			continue;
		if (get(at, 4) == DIGEST_PARAMETER)
			DEFECT_IF(get(at + 4, 4) > DIGEST_MAX, 6);
	}
	return change_state(from, vm, STATE(AUTH), STATE(INIT));
}

static uint32_t init(unsigned from, const struct message *m)
{
	return change_state(from, subject(m), STATE(INIT), STATE(READY));
}

static uint32_t start(unsigned from, const struct message *m)
{
	struct vm *vm = subject(m);
	const uint32_t error = change_state(from, vm, STATE(READY), STATE(RUNNING));
	struct parcel *image = error == ERROR(OK) ? find_parcel(vm->image) : NULL;

	if (image != NULL && find_member(image, vm->vmid) != NULL)
		find_member(image, vm->vmid)->is_accepted = 1;
	for (size_t i = 0; error == ERROR(OK) && i < LOANS; i++)
		if (rm.loans[i].borrower == vm->vmid && rm.loans[i].is_accepted && rm.loans[i].is_watchdog)
			vm->has_watchdog = 1;
	return error;
}

static uint32_t stop(unsigned from, const struct message *m)
{
	struct vm *vm = subject(m);

	CHECK(vm != NULL && from == HLOS, VMID_INVALID);
	CHECK(vm->state == STATE(RUNNING), VM_STATE);
	if (m->payload[2] & GUNYAH_RM_VM_STOP_FLAGS_FORCE_STOP) {
		if (get(m->payload + 4, 4) == FREEZE_REASON)
			vm->is_frozen = 1;
		vm->state = STATE(EXITED);
	}
	return ERROR(OK);
}

static uint32_t reset(unsigned from, const struct message *m)
{
	struct vm *vm = subject(m);

	CHECK(vm != NULL && from == HLOS, VMID_INVALID);
	CHECK(vm->state == STATE(EXITED) || vm->state == STATE(READY), VM_STATE);
	for (size_t i = 0; i < PARCELS; i++) {
		struct member *member = find_member(&rm.parcels[i], vm->vmid);

		if (member != NULL && !vm->is_frozen)
			member->is_accepted = 0;
	}
	for (size_t i = 0; i < LOANS; i++)
		if (rm.loans[i].borrower == vm->vmid)
			rm.loans[i].is_accepted = 0;
	vm->is_open = vm->is_open_for_hlos = vm->has_watchdog = 0;
	vm->console = TEXT;
	vm->state = STATE(RESET);
	if (vm->is_frozen && find_parcel(vm->image) != NULL)
		vm->is_frozen = 2; /* It goes on with its image. */
	return ERROR(OK);
}

static uint32_t get_state(unsigned from, const struct message *m)
{
	const uint64_t vmid = get(m->payload, 2);
	const struct vm *vm = find_vm(vmid == 0 ? from : vmid);

	CHECK(vm != NULL, NORESOURCE);
	return reply_with(vm->state);
}

static uint32_t get_vmid(unsigned from, const struct message *m)
{
	(void)m;
	return reply_with(from);
}

/* A VM's report: a mark, the name of a section, and the number of frames in it. */
static uint32_t read_report(const uint8_t *text, size_t size)
{
	if (size < 10 || get(text, 4) != REPORT_MARK)
		return ERROR(OK);
	if (get(text + 4, 4) == TRACE_SECTION)
		DEFECT_IF(get(text + 8, 2) > TRACE_FRAMES, 8);
	return ERROR(OK);
}

static uint32_t set_crash_message(unsigned from, const struct message *m)
{
	const size_t size = (size_t)get(m->payload, 2), padded = (size + 3) & ~(size_t)3;
	const uint8_t *text = m->payload + 4;
	struct vm *vm = find_vm(from);

	CHECK(m->size == 4 + padded, MSG_INVALID);
	for (size_t i = size; i < padded; i++)
		CHECK(text[i] == 0, MSG_INVALID);
	if (vm != NULL) {
		memcpy(vm->crash, text, size < sizeof vm->crash ? size : sizeof vm->crash);
		return read_report(text, size);
	}
	/* A report of HLOS: a mark and a length. */
	if (size >= 6 && get(text, 4) == REPORT_MARK)
		DEFECT_IF(get(text + 4, 2) > sizeof vm->crash, 2);
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

		CHECK(find_member(parcel, vmid) == NULL, ARGUMENT_INVALID);
		CHECK(entry[2] >= 4 && entry[2] <= 7, ARGUMENT_INVALID); /* access rights */
		CHECK(vmid == HLOS || find_vm(vmid) != NULL, ARGUMENT_INVALID);
		parcel->member[parcel->members++] = (struct member){ .vmid = vmid };
	}
	return ERROR(OK);
}

static uint32_t add_attributes(struct parcel *parcel, struct list list)
{
	for (size_t i = 0; i < list.count; i++) {
		const unsigned attribute = (unsigned)get(list.entries + 4 * i, 2);
		const struct member *member = find_member(parcel, (unsigned)get(list.entries + 4 * i + 2, 2));

		CHECK(member != NULL, VMID_INVALID);
		CHECK(attribute < ATTRIBUTES || i > 0, ARGUMENT_INVALID);
		DEFECT_IF(attribute >= ATTRIBUTES, 4);
		parcel->attribute[member - parcel->member] = attribute;
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
		if (parcel->member[i].vmid != parcel->owner)
			vm = find_vm(parcel->member[i].vmid);
	CHECK(vm != NULL && (vm->state == STATE(READY) || vm->state == STATE(RUNNING)), DENIED);
	if (vm->dumps[0] == 0) {
		vm->dumps[0] = parcel->handle;
		return ERROR(OK);
	}
	if (vm->dumps[1] == 0) {
		vm->dumps[1] = parcel->handle;
		return ERROR(OK);
	}
	DEFECT_IF(1, 10);
	return ERROR(OK);
}

/* MEM_DONATE, MEM_LEND and MEM_SHARE. */
static uint32_t create_parcel(unsigned from, const struct message *m)
{
	struct parcel parcel = { .is_used = 1, .owner = from, .label = (uint32_t)get(m->payload + 4, 4) };
	struct list lists[3] = { 0 };
	uint32_t error;
	size_t place = 0;

	CHECK(read_lists(m, 8, lists, 3, 1), MSG_INVALID);
	CHECK(lists[0].count > 0 && lists[1].count > 0, ARGUMENT_INVALID);
	CHECK(lists[0].count <= MEMBERS && lists[1].count <= RANGES, NORESOURCE);
	CHECK(m->id != ID(MEM_DONATE) || lists[0].count == 1, ARGUMENT_INVALID);
	while (place < PARCELS && rm.parcels[place].is_used)
		place++;
	CHECK(place < PARCELS, DENIED);
	parcel.is_open = m->payload[2] & GUNYAH_RM_MEM_SHARE_FLAGS_APPEND;
	parcel.handle = rm.next_handle;
	if ((error = add_members(&parcel, lists[0])) != ERROR(OK))
		return error;
	CHECK((find_member(&parcel, from) != NULL) == (m->id == ID(MEM_SHARE)), ARGUMENT_INVALID);
	if ((error = add_ranges(&parcel, lists[1])) != ERROR(OK) ||
	    (error = add_attributes(&parcel, lists[2])) != ERROR(OK))
		return error;
	if (m->id == ID(MEM_SHARE) && parcel.label == DUMP_LABEL && (error = add_dump(&parcel)) != ERROR(OK))
		return error;
	if (m->id == ID(MEM_SHARE) && parcel.label == RING_LABEL)
		DEFECT_IF((parcel.size & (parcel.size - 1)) != 0, 3);
	rm.next_handle++;
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
		const struct vm *vm = find_vm(parcel->member[i].vmid);

		DEFECT_IF(vm != NULL && vm->is_frozen == 2 && vm->image == parcel->handle, 12);
		CHECK(!parcel->member[i].is_accepted, MEM_INUSE);
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

	CHECK(from == HLOS, IRQ_INVALID);
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
	CHECK(from == HLOS, IRQ_INVALID);
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

static uint32_t console(unsigned from, const struct message *m)
{
	struct vm *vm = get(m->payload, 2) == 0 ? find_vm(from) : subject(m);
	const size_t size = m->id == ID(VM_CONSOLE_WRITE) ? (size_t)get(m->payload + 2, 2) : 0;
	int *is_open;

	CHECK(m->size == 4 + size, MSG_INVALID);
	CHECK(vm != NULL && vm->state != STATE(LOAD) && vm->state != STATE(INIT), ARGUMENT_INVALID);
	CHECK(from == HLOS || from == vm->vmid, DENIED);
	is_open = from == HLOS ? &vm->is_open_for_hlos : &vm->is_open;
	if (m->id == ID(VM_CONSOLE_OPEN) || m->id == ID(VM_CONSOLE_CLOSE)) {
		*is_open = m->id == ID(VM_CONSOLE_OPEN);
		return ERROR(OK);
	}
	CHECK(*is_open, DENIED);
	for (size_t i = 0; i < size && !rm.is_dead; i++)
		show(vm, m->payload[4 + i]);
	return ERROR(OK);
}

/* Each request with the size of its payload; at least so much, where `is_least`. */
static const struct {
	uint32_t id;
	size_t size;
	int is_least;
	uint32_t (*handle)(unsigned from, const struct message *m);
} handlers[] = {
	{ ID(VM_ALLOC_VMID), 4, 0, alloc_vmid },
	{ ID(VM_DEALLOC_VMID), 4, 0, dealloc_vmid },
	{ ID(VM_CONFIG_IMAGE), 40, 0, config_image },
	{ ID(VM_AUTH_IMAGE), 4, 1, auth_image },
	{ ID(VM_INIT), 4, 0, init },
	{ ID(VM_START), 4, 0, start },
	{ ID(VM_STOP), 8, 0, stop },
	{ ID(VM_RESET), 4, 0, reset },
	{ ID(VM_GET_STATE), 4, 0, get_state },
	{ ID(VM_GET_VMID), 0, 0, get_vmid },
	{ ID(VM_SET_CRASH_MSG), 4, 1, set_crash_message },
	{ ID(MEM_DONATE), 20, 1, create_parcel },
	{ ID(MEM_LEND), 20, 1, create_parcel },
	{ ID(MEM_SHARE), 20, 1, create_parcel },
	{ ID(MEM_APPEND), 12, 1, append },
	{ ID(MEM_RECLAIM), 8, 1, reclaim },
	{ ID(VM_IRQ_LEND), 12, 0, lend_interrupt },
	{ ID(VM_IRQ_ACCEPT), 8, 0, borrow_interrupt },
	{ ID(VM_IRQ_RELEASE), 4, 0, borrow_interrupt },
	{ ID(VM_IRQ_RECLAIM), 4, 0, reclaim_interrupt },
	{ ID(VM_CONSOLE_OPEN), 4, 0, console },
	{ ID(VM_CONSOLE_CLOSE), 4, 0, console },
	{ ID(VM_CONSOLE_WRITE), 4, 1, console },
};

static uint32_t handle(unsigned from, const struct message *m)
{
	has_answer = 0;
	for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
		if (handlers[i].id != m->id)
			continue;
		CHECK(handlers[i].is_least ? m->size >= handlers[i].size : m->size == handlers[i].size, MSG_INVALID);
		return handlers[i].handle(from, m);
	}
	return ERROR(UNIMPLEMENTED);
}

static void reply(unsigned to, const struct message *m, uint32_t error)
{
	const uint32_t words[] = { 0x0221 | m->seq << 16, m->id, error, answer };
	const size_t count = error == ERROR(OK) && has_answer ? 4 : 3;
	uint8_t frame[sizeof words];

	for (size_t i = 0; i < 4 * count; i++)
		frame[i] = (uint8_t)(words[i / 4] >> 8 * (i % 4));
	vm_gets(to, frame, 4 * count);
}

/* VMs have queues from VM_INIT on. */
static int has_queue(unsigned vmid)
{
	const struct vm *vm = find_vm(vmid);

	return vmid == HLOS || (vm != NULL && (vm->state == STATE(READY) || vm->state == STATE(RUNNING) ||
					       vm->state == STATE(EXITED) || vm->state == STATE(RESET)));
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

void manager_halt(unsigned vmid)
{
	struct vm *vm = find_vm(vmid);

	if (vm != NULL && vm->state == STATE(RUNNING))
		vm->state = STATE(EXITED);
}

void manager_boot(void)
{
	for (size_t i = 0; i < VMIDS; i++) {
		free(rm.vms[i]);
		in_progress[i].missing = 0;
	}
	memset(&rm, 0, sizeof rm);
	rm.next_handle = 1;
}

unsigned manager_last_vmid(void)
{
	return rm.last_vmid;
}

int manager_is_dead(void)
{
	return rm.is_dead;
}
