/*
 * A small resource manager with twelve planted defects, to measure fuzzers with (`npm run bench:defects`). Layouts and errors
 * are those of the protocol. VMs, memory parcels, interrupts and consoles are only books: there is no memory behind them.
 *
 * Without FRAMES it speaks the line protocol of docs/fuzz-a-program.md. With FRAMES it reads queue messages from its input, one
 * behind the other, as `export afl-mutator` and `fuzz corpus` have them. Such an input names no senders: a message with an
 * odd sequence number is from the VM that was allocated last, every other one from HLOS.
 *
 * The number in parentheses is the depth: so many messages or facts are needed, in this order.
 *
 *  1 (1) VM_IRQ_LEND of a number behind the table of interrupts
 *  2 (2) VM_SET_CRASH_MSG with a report, which a mark begins, that says it is longer than what is kept
 *  3 (2) VM_RESET of a VM that was only allocated
 *  4 (3) MEM_SHARE with two attributes, of which the second is none that there is
 *  5 (3) MEM_APPEND, so that a parcel has more ranges than there is room for
 *  6 (4) VM_CONFIG_IMAGE whose devicetree ends before it begins
 *  7 (5) VM_IRQ_RECLAIM of an interrupt labelled as watchdog after its borrower was deallocated
 *  8 (5) VM_EXIT of a VM that is ready and does not run
 *  9 (6) VM_START after the image was reclaimed
 * 10 (7) the third parcel labelled as minidump, of a VM that is ready
 * 11 (8) VM_CONSOLE_WRITE, once or several times, of a control sequence with too many parameters
 * 12 (8) MEM_RECLAIM of a parcel that a VM accepted without DONE before it was reset
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gunyah_rm.h" /* gunyah-rm export c */

#define ID(name) GUNYAH_RM_ID_##name
#define ERROR(name) GUNYAH_RM_ERROR_##name
#define STATE(name) GUNYAH_RM_VM_STATUS_##name

enum {
	HEADER = GUNYAH_RM_LIMIT_HEADER,
	QUEUE_MESSAGE = GUNYAH_RM_LIMIT_QUEUE_MESSAGE,
	HLOS = GUNYAH_RM_VMID_HLOS,
	VMIDS = 256,
	NAMED_FIRST = 4,
	NAMED_LAST = 31,
	PARCELS = 64,
	MEMBERS = 4,
	RANGES = 16,
	ATTRIBUTES = 4,
	PAGE = 4096,
	INTERRUPTS = 1020,
	LOANS = 16,
	PARAMETERS = 4,
	MINIDUMPS = 2,
	ESCAPE = 0x1b,
};

/* Parcels with this label hold a minidump, interrupts with the other one are watchdogs. A mark begins reports of crashes. */
#define MINIDUMP_LABEL UINT32_C(0x4d444d50)
#define WATCHDOG_LABEL UINT32_C(0x57444f47)
#define REPORT_MARK UINT32_C(0x54524352)

/* What the console expects next: text, the rest of ESC [, or the parameters of a control sequence. */
enum console_state { TEXT, BRACKET, SEQUENCE };

struct vm {
	unsigned vmid, state;
	int is_configured;
	uint32_t image;
	int is_open, is_open_for_owner; /* the console */
	enum console_state console;
	unsigned parameters;
	uint8_t crash[GUNYAH_RM_LIMIT_CRASH_MESSAGE];
};

struct member {
	unsigned vmid, rights;
	int is_accepted, is_done;
};

struct range {
	uint64_t start, size;
};

struct parcel {
	int is_used, is_open;
	uint32_t handle, kind, label;
	unsigned owner;
	size_t members, ranges;
	struct member member[MEMBERS];
	struct range range[RANGES];
	unsigned attribute[VMIDS];
};

struct loan {
	int is_used, is_accepted, is_watchdog;
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
	unsigned last_vmid, minidumps;
	int is_dead;
} rm;
static struct message in_progress[VMIDS];
/* What the reply holds behind its error. */
static uint8_t answer[4];
static size_t answer_size;

/* A defect was reached: the manager dies. */
static uint32_t defect(int number, const char *place)
{
	const char *log = getenv("DEFECTS_LOG");
	FILE *file = log == NULL ? NULL : fopen(log, "a");
	struct timespec now;

	if (file != NULL) {
		clock_gettime(CLOCK_REALTIME, &now);
		fprintf(file, "%d %lld.%03ld\n", number, (long long)now.tv_sec, now.tv_nsec / 1000000);
		fclose(file);
	}
#ifdef FRAMES
	(void)place;
	abort();
#else
	printf("abort %s\n", place);
	rm.is_dead = 1;
	return ERROR(OK);
#endif
}

#define DEFECT_IF(condition, number)                          \
	do {                                                  \
		if (condition)                                \
			return defect(number, __func__);      \
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
	answer_size = sizeof answer;
	for (size_t i = 0; i < sizeof answer; i++)
		answer[i] = (uint8_t)(value >> 8 * i);
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

/* Virtual machines */

static uint32_t alloc_vmid(unsigned from, struct message *m)
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

static uint32_t dealloc_vmid(unsigned from, struct message *m)
{
	struct vm *vm = subject(m);

	CHECK(vm != NULL, VMID_INVALID);
	CHECK(from == HLOS, DENIED);
	CHECK(vm->state == STATE(LOAD) || vm->state == STATE(RESET), VM_STATE);
	rm.vms[vm->vmid] = NULL;
	free(vm);
	return ERROR(OK);
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

static uint32_t config_image(unsigned from, struct message *m)
{
	const uint64_t mechanism = get(m->payload + 2, 2), image = get(m->payload + 8, 8);
	const uint64_t tree = get(m->payload + 24, 8), tree_end = tree + get(m->payload + 32, 8);
	struct parcel *parcel = find_parcel(get(m->payload + 4, 4));
	struct vm *vm = subject(m);
	uint64_t size = 0;

	CHECK(from == HLOS, DENIED);
	CHECK(vm != NULL, VMID_INVALID);
	CHECK(vm->state == STATE(LOAD) || vm->state == STATE(RESET), VM_STATE);
	CHECK(mechanism <= GUNYAH_RM_AUTH_MECH_QCOM_ANDROID_PVM, ARGUMENT_INVALID);
	CHECK(parcel != NULL, HANDLE_INVALID);
	CHECK(find_member(parcel, vm->vmid) != NULL && !parcel->is_open, MEM_INVALID);
	for (size_t i = 0; i < parcel->ranges; i++)
		size += parcel->range[i].size;
	CHECK(image <= size && get(m->payload + 16, 8) <= size - image, ARGUMENT_INVALID);
	CHECK(tree <= size && tree_end <= size, ARGUMENT_INVALID);
	DEFECT_IF(tree_end < tree, 6);
	vm->is_configured = 1;
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

static uint32_t auth_image(unsigned from, struct message *m)
{
	CHECK(m->size == 4 + 8 * get(m->payload + 2, 2), MSG_INVALID);
	return change_state(from, subject(m), STATE(AUTH), STATE(INIT));
}

static uint32_t init(unsigned from, struct message *m)
{
	return change_state(from, subject(m), STATE(INIT), STATE(READY));
}

static uint32_t start(unsigned from, struct message *m)
{
	const uint32_t error = change_state(from, subject(m), STATE(READY), STATE(RUNNING));

	DEFECT_IF(error == ERROR(OK) && find_parcel(subject(m)->image) == NULL, 9);
	return error;
}

static uint32_t stop(unsigned from, struct message *m)
{
	const struct vm *vm = subject(m);

	if (m->payload[2] & GUNYAH_RM_VM_STOP_FLAGS_FORCE_STOP)
		return change_state(from, subject(m), STATE(RUNNING), STATE(EXITED));
	CHECK(vm != NULL && from == HLOS, VMID_INVALID);
	CHECK(vm->state == STATE(RUNNING), VM_STATE);
	return ERROR(OK);
}

static uint32_t reset(unsigned from, struct message *m)
{
	struct vm *vm = subject(m);

	CHECK(vm != NULL && from == HLOS, VMID_INVALID);
	DEFECT_IF(!vm->is_configured, 3);
	CHECK(vm->state == STATE(EXITED) || vm->state == STATE(READY), VM_STATE);
	for (size_t i = 0; i < PARCELS; i++) {
		struct member *member = find_member(&rm.parcels[i], vm->vmid);
		/* Memory that was accepted without DONE stays accepted: defect 12. */
		if (member != NULL && member->is_done)
			member->is_accepted = member->is_done = 0;
	}
	for (size_t i = 0; i < LOANS; i++)
		if (rm.loans[i].borrower == vm->vmid)
			rm.loans[i].is_accepted = 0;
	vm->is_open = vm->is_open_for_owner = 0;
	vm->console = TEXT;
	vm->state = STATE(RESET);
	return ERROR(OK);
}

static uint32_t get_state(unsigned from, struct message *m)
{
	const uint64_t vmid = get(m->payload, 2);
	const struct vm *vm = find_vm(vmid == 0 ? from : vmid);

	CHECK(vm != NULL, NORESOURCE);
	return reply_with(vm->state);
}

static uint32_t get_vmid(unsigned from, struct message *m)
{
	(void)m;
	return reply_with(from);
}

static uint32_t vm_exit(unsigned from, struct message *m)
{
	const unsigned code = m->payload[2];
	struct vm *vm = find_vm(from);

	CHECK(vm != NULL, DENIED);
	CHECK(m->payload[3] == 0 && code <= GUNYAH_RM_EXIT_CODE_DEVICE_ERROR, MSG_INVALID);
	CHECK(code != GUNYAH_RM_EXIT_CODE_UNKNOWN_ERROR, MSG_INVALID);
	DEFECT_IF(vm->state == STATE(READY), 8);
	CHECK(vm->state == STATE(RUNNING), VM_STATE);
	vm->state = STATE(EXITED);
	return ERROR(OK);
}

static uint32_t set_crash_message(unsigned from, struct message *m)
{
	static struct vm primary;
	const size_t size = (size_t)get(m->payload, 2), padded = (size + 3) & ~(size_t)3;
	struct vm *vm = from == HLOS ? &primary : find_vm(from);
	const uint8_t *text = m->payload + 4;

	CHECK(m->size == 4 + padded, MSG_INVALID);
	for (size_t i = size; i < padded; i++)
		CHECK(text[i] == 0, MSG_INVALID);
	/* Of a report its text is kept: mark, length, text. */
	if (size >= 8 && get(text, 4) == REPORT_MARK) {
		DEFECT_IF(get(text + 4, 2) > sizeof vm->crash, 2);
		memcpy(vm->crash, text + 8, get(text + 4, 2));
	} else {
		memcpy(vm->crash, text, size < sizeof vm->crash ? size : sizeof vm->crash);
	}
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
		const struct member member = { .vmid = (unsigned)get(entry, 2), .rights = entry[2] };

		CHECK(find_member(parcel, member.vmid) == NULL, ARGUMENT_INVALID);
		CHECK(member.rights >= 4 && member.rights <= 7, ARGUMENT_INVALID);
		CHECK(member.vmid == HLOS || find_vm(member.vmid) != NULL, ARGUMENT_INVALID);
		parcel->member[parcel->members++] = member;
	}
	return ERROR(OK);
}

static uint32_t add_attributes(struct parcel *parcel, struct list list)
{
	for (size_t i = 0; i < list.count; i++) {
		const unsigned attribute = (unsigned)get(list.entries + 4 * i, 2);
		const unsigned vmid = (unsigned)get(list.entries + 4 * i + 2, 2);

		CHECK(find_member(parcel, vmid) != NULL, VMID_INVALID);
		CHECK(attribute < ATTRIBUTES || i > 0, ARGUMENT_INVALID);
		DEFECT_IF(attribute >= ATTRIBUTES, 4);
		parcel->attribute[vmid] = attribute;
	}
	return ERROR(OK);
}

static uint32_t add_ranges(struct parcel *parcel, struct list list)
{
	for (size_t i = 0; i < list.count; i++) {
		const struct range range = { get(list.entries + 16 * i, 8), get(list.entries + 16 * i + 8, 8) };

		CHECK(range.start % PAGE == 0 && range.size % PAGE == 0, ARGUMENT_INVALID);
		CHECK(range.size > 0, MEM_INVALID);
		parcel->range[parcel->ranges++] = range;
	}
	return ERROR(OK);
}

static uint32_t add_minidump(const struct parcel *parcel)
{
	const struct vm *vm = find_vm(parcel->member[0].vmid);

	CHECK(vm != NULL && (vm->state == STATE(READY) || vm->state == STATE(RUNNING)), DENIED);
	DEFECT_IF(rm.minidumps == MINIDUMPS, 10);
	rm.minidumps++;
	return ERROR(OK);
}

/* MEM_DONATE, MEM_LEND and MEM_SHARE. */
static uint32_t create_parcel(unsigned from, struct message *m)
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
	parcel.kind = m->id == ID(MEM_DONATE) ? GUNYAH_RM_TRANS_TYPE_DONATE :
		      m->id == ID(MEM_LEND)   ? GUNYAH_RM_TRANS_TYPE_LEND :
						GUNYAH_RM_TRANS_TYPE_SHARE;
	if ((error = add_members(&parcel, lists[0])) != ERROR(OK))
		return error;
	CHECK((find_member(&parcel, from) != NULL) == (m->id == ID(MEM_SHARE)), ARGUMENT_INVALID);
	if ((error = add_attributes(&parcel, lists[2])) != ERROR(OK) ||
	    (error = add_ranges(&parcel, lists[1])) != ERROR(OK))
		return error;
	if (parcel.label == MINIDUMP_LABEL && (error = add_minidump(&parcel)) != ERROR(OK))
		return error;
	parcel.handle = rm.next_handle++;
	rm.parcels[place] = parcel;
	return reply_with(parcel.handle);
}

static uint32_t append(unsigned from, struct message *m)
{
	struct parcel *parcel = find_parcel(get(m->payload, 4));
	struct list list = { 0 };
	uint32_t error;

	CHECK(read_lists(m, 8, &list, 1, 0), MSG_INVALID);
	CHECK(list.count > 0, ARGUMENT_INVALID);
	CHECK(parcel != NULL, HANDLE_INVALID);
	CHECK(parcel->owner == from && parcel->is_open, DENIED);
	/* What the parcel already has is not counted: defect 5. */
	CHECK(list.count <= RANGES, NORESOURCE);
	DEFECT_IF(parcel->ranges + list.count > RANGES, 5);
	if ((error = add_ranges(parcel, list)) != ERROR(OK))
		return error;
	if (m->payload[4] & GUNYAH_RM_MEM_APPEND_FLAGS_END)
		parcel->is_open = 0;
	return ERROR(OK);
}

static uint32_t accept(unsigned from, struct message *m)
{
	struct parcel *parcel = find_parcel(get(m->payload, 4));
	const unsigned flags = m->payload[6];
	struct list lists[3] = { 0 };
	struct member *member;

	CHECK(read_lists(m, 12, lists, 3, 1), MSG_INVALID);
	CHECK(parcel != NULL, HANDLE_INVALID);
	CHECK(m->payload[4] == GUNYAH_RM_MEM_TYPE_NORMAL && m->payload[5] == parcel->kind, ARGUMENT_INVALID);
	CHECK(!parcel->is_open && lists[1].count <= parcel->ranges, ARGUMENT_INVALID);
	CHECK(!(flags & GUNYAH_RM_MEM_ACCEPT_FLAGS_MAP_OTHER), DENIED);
	if (flags & GUNYAH_RM_MEM_ACCEPT_FLAGS_VALIDATE_LABEL)
		CHECK(get(m->payload + 8, 4) == parcel->label, VALIDATE_FAILED);
	member = find_member(parcel, from);
	CHECK(member != NULL, VMID_INVALID);
	CHECK(from != parcel->owner && !member->is_done, DENIED);
	member->is_accepted = 1;
	member->is_done = (flags & GUNYAH_RM_MEM_ACCEPT_FLAGS_DONE) != 0;
	if (member->is_done && parcel->kind == GUNYAH_RM_TRANS_TYPE_DONATE)
		parcel->is_used = 0;
	return lists[1].count > 0 ? ERROR(OK) : reply_with(0);
}

static uint32_t release(unsigned from, struct message *m)
{
	struct parcel *parcel = find_parcel(get(m->payload, 4));
	struct member *member = parcel == NULL ? NULL : find_member(parcel, from);

	CHECK(member != NULL, HANDLE_INVALID);
	CHECK(from != parcel->owner, DENIED);
	CHECK(member->is_accepted, MEM_RELEASED);
	member->is_accepted = member->is_done = 0;
	return ERROR(OK);
}

static uint32_t reclaim(unsigned from, struct message *m)
{
	struct parcel *parcel = find_parcel(get(m->payload, 4));

	CHECK(parcel != NULL, HANDLE_INVALID);
	CHECK(from == parcel->owner, DENIED);
	for (size_t i = 0; i < parcel->members; i++) {
		const struct vm *vm = find_vm(parcel->member[i].vmid);

		DEFECT_IF(parcel->member[i].is_accepted && vm != NULL && vm->state == STATE(RESET), 12);
		CHECK(!parcel->member[i].is_accepted, MEM_INUSE);
	}
	parcel->is_used = 0;
	return ERROR(OK);
}

/* Interrupts */

static struct loan *find_loan(uint64_t handle)
{
	return handle >= 1 && handle <= LOANS && rm.loans[handle - 1].is_used ? &rm.loans[handle - 1] : NULL;
}

static uint32_t lend_interrupt(unsigned from, struct message *m)
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
	/* A watchdog stops with its borrower. */
	if (get(m->payload + 8, 4) == WATCHDOG_LABEL)
		rm.loans[place].is_watchdog = 1;
	return reply_with(place + 1);
}

/* VM_IRQ_ACCEPT and VM_IRQ_RELEASE by the borrower. */
static uint32_t borrow_interrupt(unsigned from, struct message *m)
{
	const int accepts = m->id == ID(VM_IRQ_ACCEPT);
	const uint64_t wanted = get(m->payload + 4, 4);
	struct loan *loan = find_loan(get(m->payload, 4));

	CHECK(loan != NULL && loan->borrower == from, HANDLE_INVALID);
	CHECK(loan->is_accepted != accepts, IN_USE);
	CHECK(!accepts || wanted == GUNYAH_RM_VIRQ_ANY || wanted == loan->virq, ARGUMENT_INVALID);
	loan->is_accepted = accepts;
	return accepts ? reply_with(loan->virq) : ERROR(OK);
}

static uint32_t reclaim_interrupt(unsigned from, struct message *m)
{
	struct loan *loan = find_loan(get(m->payload, 4));

	CHECK(loan != NULL, HANDLE_INVALID);
	CHECK(from == HLOS, IRQ_INVALID);
	if (loan->is_watchdog)
		DEFECT_IF(find_vm(loan->borrower) == NULL, 7);
	CHECK(!loan->is_accepted, IN_USE);
	rm.is_lent[loan->virq] = 0;
	loan->is_used = 0;
	return ERROR(OK);
}

/* Consoles */

static uint32_t show(struct vm *vm, uint8_t character)
{
	if (vm->console == TEXT) {
		vm->console = character == ESCAPE ? BRACKET : TEXT;
	} else if (vm->console == BRACKET) {
		vm->console = character == '[' ? SEQUENCE : TEXT;
		vm->parameters = 1;
	} else if (character == ';') {
		DEFECT_IF(vm->parameters == PARAMETERS, 11);
		vm->parameters++;
	} else if (character < '0' || character > '9') {
		vm->console = TEXT;
	}
	return ERROR(OK);
}

static uint32_t console(unsigned from, struct message *m)
{
	struct vm *vm = get(m->payload, 2) == 0 ? find_vm(from) : subject(m);
	const size_t size = m->id == ID(VM_CONSOLE_WRITE) ? (size_t)get(m->payload + 2, 2) : 0;
	uint32_t error = ERROR(OK);
	int *is_open;

	CHECK(m->size == 4 + size, MSG_INVALID);
	CHECK(vm != NULL && vm->state != STATE(LOAD) && vm->state != STATE(INIT), ARGUMENT_INVALID);
	CHECK(from == HLOS || from == vm->vmid, DENIED);
	is_open = from == HLOS ? &vm->is_open_for_owner : &vm->is_open;
	if (m->id == ID(VM_CONSOLE_OPEN) || m->id == ID(VM_CONSOLE_CLOSE)) {
		*is_open = m->id == ID(VM_CONSOLE_OPEN);
		return ERROR(OK);
	}
	CHECK(*is_open, DENIED);
	for (size_t i = 0; i < size && error == ERROR(OK) && !rm.is_dead; i++)
		error = show(vm, m->payload[4 + i]);
	return error;
}

/* Each request with the size of its payload; at least so much, where `is_least`. */
static const struct {
	uint32_t id;
	size_t size;
	int is_least;
	uint32_t (*handle)(unsigned from, struct message *m);
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
	{ ID(VM_EXIT), 4, 0, vm_exit },
	{ ID(VM_SET_CRASH_MSG), 4, 1, set_crash_message },
	{ ID(MEM_DONATE), 20, 1, create_parcel },
	{ ID(MEM_LEND), 20, 1, create_parcel },
	{ ID(MEM_SHARE), 20, 1, create_parcel },
	{ ID(MEM_APPEND), 12, 1, append },
	{ ID(MEM_ACCEPT), 24, 1, accept },
	{ ID(MEM_RELEASE), 8, 1, release },
	{ ID(MEM_RECLAIM), 8, 1, reclaim },
	{ ID(VM_IRQ_LEND), 12, 0, lend_interrupt },
	{ ID(VM_IRQ_ACCEPT), 8, 0, borrow_interrupt },
	{ ID(VM_IRQ_RELEASE), 4, 0, borrow_interrupt },
	{ ID(VM_IRQ_RECLAIM), 4, 0, reclaim_interrupt },
	{ ID(VM_CONSOLE_OPEN), 4, 0, console },
	{ ID(VM_CONSOLE_CLOSE), 4, 0, console },
	{ ID(VM_CONSOLE_WRITE), 4, 1, console },
	{ ID(VM_CONSOLE_FLUSH), 4, 0, console },
};

static uint32_t handle(unsigned from, struct message *m)
{
	answer_size = 0;
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
#ifdef FRAMES
	(void)to, (void)m, (void)error;
#else
	const uint32_t words[2] = { m->id, error };

	printf("rx %u 2102%02x%02x", to, m->seq & 0xff, m->seq >> 8);
	for (size_t i = 0; i < sizeof words; i++)
		printf("%02x", words[i / 4] >> 8 * (i % 4) & 0xff);
	for (size_t i = 0; error == ERROR(OK) && i < answer_size; i++)
		printf("%02x", answer[i]);
	printf("\n");
#endif
}

/* VMs have queues from VM_INIT on. */
static int has_queue(unsigned vmid)
{
	const struct vm *vm = find_vm(vmid);

	return vmid == HLOS || (vm != NULL && (vm->state == STATE(READY) || vm->state == STATE(RUNNING) ||
					       vm->state == STATE(EXITED) || vm->state == STATE(RESET)));
}

/* Takes a queue message: the rules of fragments. */
static void receive(unsigned from, const uint8_t *frame, size_t size)
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

static void boot(void)
{
	for (size_t i = 0; i < VMIDS; i++) {
		free(rm.vms[i]);
		in_progress[i].missing = 0;
	}
	memset(&rm, 0, sizeof rm);
}

#ifdef FRAMES

static void run(const uint8_t *bytes, size_t size)
{
	boot();
	while (size >= HEADER) {
		size_t part = size < QUEUE_MESSAGE ? size : QUEUE_MESSAGE;

		/* A shorter queue message ends where the next one begins. */
		for (size_t at = HEADER; at + HEADER <= part; at++)
			if (bytes[at] == 0x21 && bytes[at + 6] == 0 && (bytes[at + 7] == 0x51 || bytes[at + 7] == 0x56))
				part = at;
		receive(bytes[2] & 1 ? rm.last_vmid : HLOS, bytes, part);
		bytes += part;
		size -= part;
	}
}

#ifdef __AFL_FUZZ_TESTCASE_LEN
__AFL_FUZZ_INIT();

int main(void)
{
	const uint8_t *bytes;

	__AFL_INIT();
	bytes = __AFL_FUZZ_TESTCASE_BUF;
	while (__AFL_LOOP(100000))
		run(bytes, (size_t)__AFL_FUZZ_TESTCASE_LEN);
	return 0;
}
#else
int main(void)
{
	static uint8_t bytes[1 << 16];

	run(bytes, fread(bytes, 1, sizeof bytes, stdin));
	return 0;
}
#endif

#else

#ifdef COVERAGE
/* docs/examples/coverage.c */
void print_coverage(void);
void forget_coverage(void);
#else
#define print_coverage()
#define forget_coverage()
#endif

static uint8_t digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void transmit(const char *text)
{
	static uint8_t frame[QUEUE_MESSAGE + 1];
	char *hex;
	const unsigned from = (unsigned)strtoul(text, &hex, 10);
	size_t size = 0;

	for (hex++; size < sizeof frame && hex[0] > ' ' && hex[1] > ' '; hex += 2)
		frame[size++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
	if (from < VMIDS)
		receive(from, frame, size);
}

static void halt(unsigned long vmid)
{
	struct vm *vm = find_vm(vmid);

	if (vm != NULL && vm->state == STATE(RUNNING))
		vm->state = STATE(EXITED);
}

int main(void)
{
	static char line[1 << 18];

	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL) {
		const char *answered = "ok";

		if (strcmp(line, "reset\n") == 0) {
			boot();
			forget_coverage();
		} else if (rm.is_dead) {
			continue;
		} else if (strncmp(line, "tx ", 3) == 0) {
			transmit(line + 3);
		} else if (strncmp(line, "halt ", 5) == 0) {
			halt(strtoul(line + 5, NULL, 10));
		} else if (strncmp(line, "load ", 5) != 0) { /* devicetrees are not looked at */
			answered = "unsupported";
		}
		print_coverage();
		if (!rm.is_dead)
			printf("%s\n", answered);
		fflush(stdout);
	}
	return 0;
}

#endif
