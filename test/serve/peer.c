/*
 * A peer of `gunyah-rm serve --dgram DIR`, written as for the public manager.
 *
 *   peer DIR lifecycle COUNT   boots a VM through its whole life, COUNT datagrams of garbage in between, and checks
 *                              every byte that comes back
 *   peer DIR full COUNT        sends COUNT requests before it reads the first answer
 *   peer DIR rate COUNT        prints round trips per second
 */
#include <time.h>

#include "wire.h"
#include "lifecycle.h"

static const uint32_t VM_GET_VMID = 0x56000024, VM_GET_HYP_RESOURCES = 0x56000020, UNKNOWN = 0x56ffffff;
enum { CONTINUATION, REQUEST, REPLY, NOTIFICATION };

static size_t
write_header(uint8_t *message, int type, int fragments, uint16_t seq, uint32_t id)
{
	const uint8_t bytes[HEADER_SIZE] = { 0x21, (uint8_t)(type | fragments << 2), (uint8_t)seq, (uint8_t)(seq >> 8),
		(uint8_t)id, (uint8_t)(id >> 8), (uint8_t)(id >> 16), (uint8_t)(id >> 24) };
	memcpy(message, bytes, sizeof(bytes));
	return sizeof(bytes);
}

static uint32_t
word_at(const uint8_t *message, size_t at)
{
	return (uint32_t)message[at] | (uint32_t)message[at + 1] << 8 | (uint32_t)message[at + 2] << 16 |
	    (uint32_t)message[at + 3] << 24;
}

static size_t
parse_hex(const char *text, uint8_t message[MESSAGE_MAX])
{
	const size_t size = strlen(text) / 2;
	for (size_t at = 0; at < size && at < MESSAGE_MAX; at++) {
		unsigned byte;
		if (sscanf(text + 2 * at, "%2x", &byte) != 1)
			fail("table", text);
		message[at] = (uint8_t)byte;
	}
	return size;
}

/* Capability ids are the hypervisor's choice. @position payload bytes of the reply before this message. */
static void
blank_capabilities(uint8_t *message, size_t size, size_t position)
{
	enum { ERROR_AND_COUNT = 8, ENTRY = 44, CAPABILITY = 12, CAPABILITY_END = 20 };
	if (word_at(message, 4) != VM_GET_HYP_RESOURCES)
		return;
	for (size_t at = HEADER_SIZE; at < size; at++, position++) {
		const size_t in_entry = position < ERROR_AND_COUNT ? 0 : (position - ERROR_AND_COUNT) % ENTRY;
		if (in_entry >= CAPABILITY && in_entry < CAPABILITY_END)
			message[at] = 0;
	}
}

static void
run_step(const struct link *link, const struct step *step)
{
	uint8_t expected[MESSAGE_MAX], actual[MESSAGE_MAX];
	send_message(link, expected, parse_hex(step->request, expected));
	size_t position = 0;
	for (int index = 0; index < ANSWERS_MAX && step->answers[index] != NULL; index++) {
		const size_t size = parse_hex(step->answers[index], expected);
		if (receive_message(link, actual) != size)
			fail(step->name, "an answer of another size");
		blank_capabilities(expected, size, position);
		blank_capabilities(actual, size, position);
		position += size - HEADER_SIZE;
		if (memcmp(expected, actual, size) != 0)
			fail(step->name, "other bytes");
	}
}

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint32_t
random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % limit;
}

/* One datagram that must change nothing; where the manager answers to it, the answer is checked. */
static void
send_garbage(const struct link *link)
{
	static uint8_t bytes[4096];
	uint8_t answer[MESSAGE_MAX];
	for (size_t at = 0; at < sizeof(bytes); at++)
		bytes[at] = (uint8_t)random_below(256);
	const uint16_t seq = (uint16_t)random_below(0x10000);
	const uint32_t id = random_below(2) ? VM_GET_VMID : random_below(0xffffffff);
	switch (random_below(8)) {
	case 0: /* less than a header, or nothing at all */
		send_message(link, bytes, random_below(HEADER_SIZE));
		return;
	case 1: /* no header of this protocol */
		bytes[0] ^= bytes[0] == 0x21;
		send_message(link, bytes, HEADER_SIZE + random_below(CONTENT_MAX));
		return;
	case 2: /* longer than any queue message */
		write_header(bytes, REQUEST, 0, seq, id);
		send_message(link, bytes, MESSAGE_MAX + 1 + random_below(sizeof(bytes) - MESSAGE_MAX));
		return;
	case 3: /* too many fragments */
		write_header(bytes, REQUEST, 63, seq, id);
		break;
	case 4: /* a continuation of nothing */
		write_header(bytes, CONTINUATION, (int)random_below(63), seq, id);
		break;
	case 5: /* what a manager does not take */
		write_header(bytes, random_below(2) ? REPLY : NOTIFICATION, (int)random_below(63), seq, id);
		break;
	case 6: /* the beginning of a request that is never finished */
		write_header(bytes, REQUEST, 1 + (int)random_below(62), seq, id);
		break;
	default: /* no such message */
		write_header(bytes, REQUEST, 0, seq, UNKNOWN);
		send_message(link, bytes, HEADER_SIZE + random_below(CONTENT_MAX));
		if (receive_message(link, answer) != HEADER_SIZE + 4 || answer[1] != REPLY ||
		    memcmp(answer + 2, bytes + 2, 6) != 0 || word_at(answer, HEADER_SIZE) != 0xffffffff)
			fail("unknown message", "not answered as such");
		return;
	}
	send_message(link, bytes, HEADER_SIZE + random_below(CONTENT_MAX));
}

static void
run_lifecycle(const char *dir, unsigned long garbage)
{
	const size_t steps = sizeof(lifecycle) / sizeof(lifecycle[0]);
	struct link host = open_link(dir, HLOS), guest = open_link(dir, GUEST);
	unsigned long sent = 0;
	int guest_joined = 0;
	bind_link(&host);
	for (size_t index = 0; index < steps; index++) {
		const struct step *step = &lifecycle[index];
		for (; sent < garbage * (index + 1) / steps; sent++)
			send_garbage(&host);
		if (step->vmid == GUEST && !guest_joined) {
			bind_link(&guest);
			guest_joined = 1;
		}
		run_step(step->vmid == GUEST ? &guest : &host, step);
	}
	if (!is_silent(&host) || !is_silent(&guest))
		fail("end", "more than expected came back");
	printf("steps %zu garbage %lu\n", steps, sent);
	close_link(&guest);
	close_link(&host);
}

static void
ask_vmid(const struct link *link, uint16_t seq)
{
	uint8_t message[HEADER_SIZE];
	send_message(link, message, write_header(message, REQUEST, 0, seq, VM_GET_VMID));
}

/* Checks an answer to ask_vmid; its sequence number. */
static uint16_t
told_vmid(const struct link *link)
{
	uint8_t answer[MESSAGE_MAX], expected[HEADER_SIZE + 8] = { 0 };
	const size_t size = receive_message(link, answer);
	const uint16_t seq = (uint16_t)(answer[2] | answer[3] << 8);
	write_header(expected, REPLY, 0, seq, VM_GET_VMID);
	expected[HEADER_SIZE + 4] = HLOS;
	if (size != sizeof(expected) || memcmp(answer, expected, size) != 0)
		fail("VM_GET_VMID", "other bytes");
	return seq;
}

static void
run_full(const char *dir, unsigned long count)
{
	struct link host = open_link(dir, HLOS);
	bind_link(&host);
	for (unsigned long index = 0; index < count; index++)
		ask_vmid(&host, (uint16_t)index);
	/* The last answer is always kept, older ones may have been replaced by it; none comes out of turn. */
	unsigned long answers = 0, in_row = 0;
	for (long last = -1; last != (long)count - 1; answers++) {
		const long seq = told_vmid(&host);
		if (seq <= last)
			fail("full", "out of turn");
		in_row += (unsigned long)seq == answers;
		last = seq;
	}
	printf("answers %lu first %lu\n", answers, in_row);
	close_link(&host);
}

static void
run_rate(const char *dir, unsigned long count)
{
	struct link host = open_link(dir, HLOS);
	struct timespec start, end;
	bind_link(&host);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (unsigned long index = 0; index < count; index++) {
		ask_vmid(&host, (uint16_t)index);
		if (told_vmid(&host) != (uint16_t)index)
			fail("rate", "another answer");
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	const double seconds = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
	printf("rate %.0f\n", (double)count / seconds);
	close_link(&host);
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 2 ? argv[2] : "";
	const unsigned long count = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	if (strcmp(mode, "lifecycle") == 0)
		run_lifecycle(argv[1], count);
	else if (strcmp(mode, "full") == 0)
		run_full(argv[1], count);
	else if (strcmp(mode, "rate") == 0)
		run_rate(argv[1], count);
	else
		fail("usage", "peer DIR lifecycle COUNT | full COUNT | rate COUNT");
	return 0;
}
