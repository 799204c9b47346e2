/*
 * A reader of requests for the test of `export afl-mutator`, with planted defects: -DDEFECT=N aborts where defect N is.
 * Below each defect a request must be right as a whole: its queue messages, its counts, its lengths, its last byte.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gunyah_rm.h"

enum { QUEUE_MESSAGE = 240, HEADER = 8, MAX_PAYLOAD = 63 * (QUEUE_MESSAGE - HEADER) };

struct reader {
	uint8_t bytes[MAX_PAYLOAD];
	size_t size;
	size_t at;
	int failed;
};

static void defect(int number)
{
	if (number == DEFECT)
		abort();
}

static uint32_t word(struct reader *reader, size_t size)
{
	uint32_t value = 0;
	if (size > reader->size - reader->at) {
		reader->failed = 1;
		return 0;
	}
	for (size_t i = 0; i < size; i++)
		value |= (uint32_t)reader->bytes[reader->at++] << 8 * i;
	return value;
}

static void skip(struct reader *reader, size_t size)
{
	if (size > reader->size - reader->at)
		reader->failed = 1;
	else
		reader->at += size;
}

static int is_read(const struct reader *reader)
{
	return !reader->failed && reader->at == reader->size;
}

/* Count, a word more, and the entries. */
static size_t list(struct reader *reader, size_t entry)
{
	const size_t count = word(reader, 2);
	skip(reader, 2 + count * entry);
	return count;
}

static void reclaim(struct reader *reader)
{
	skip(reader, 4);
	if (word(reader, 1) == GUNYAH_RM_MEM_RECLAIM_FLAGS_SANITIZE && !reader->failed)
		defect(1);
}

static void lookup_uri(struct reader *reader)
{
	const size_t length = word(reader, 2);
	skip(reader, 2 + length);
	while (reader->at % 4 != 0 && !reader->failed)
		if (word(reader, 1) != 0)
			return;
	if (is_read(reader) && length >= 40)
		defect(2);
}

static void share(struct reader *reader, int defect_number)
{
	size_t acl, sgl, attr;
	skip(reader, 8);
	acl = list(reader, 4);
	sgl = list(reader, 16);
	attr = reader->at < reader->size ? list(reader, 4) : 0;
	if (!is_read(reader))
		return;
	if (defect_number == 3 && acl >= 3 && sgl >= 3)
		defect(3);
	if (defect_number == 6 && acl >= 3 && sgl >= 4 && attr >= 2)
		defect(6);
}

static void reserve(struct reader *reader)
{
	const int is_fixed = word(reader, 1) == GUNYAH_RM_IPA_ALLOC_TYPE_FIXED_LIST;
	size_t count;
	skip(reader, 11);
	count = list(reader, is_fixed ? 16 : 32);
	if (is_read(reader) && is_fixed && count >= 5)
		defect(4);
}

static void append(struct reader *reader)
{
	size_t count;
	skip(reader, 8);
	count = list(reader, 16);
	/* More than one queue message holds. */
	if (is_read(reader) && count >= 16)
		defect(5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reader reader;
	uint32_t id;
	size_t left;

	if (size < HEADER || data[0] != 0x21 || (data[1] & 3) != 1)
		return 0;
	memcpy(&id, data + 4, sizeof id);
	left = data[1] >> 2;
	reader.size = reader.at = 0;
	reader.failed = 0;
	for (const uint8_t *end = data + size; data < end && left <= 62; left--) {
		const size_t most = (size_t)(end - data) < QUEUE_MESSAGE ? (size_t)(end - data) : QUEUE_MESSAGE;
		if (most < HEADER || (reader.size > 0 && (data[1] & 3) != 0))
			return 0;
		memcpy(reader.bytes + reader.size, data + HEADER, most - HEADER);
		reader.size += most - HEADER;
		data += most;
		if (left == 0)
			break;
	}
	if (left != 0)
		return 0;
	switch (id) {
	case GUNYAH_RM_ID_MEM_RECLAIM:
		reclaim(&reader);
		break;
	case GUNYAH_RM_ID_VM_LOOKUP_URI:
		lookup_uri(&reader);
		break;
	case GUNYAH_RM_ID_MEM_LEND:
		share(&reader, 3);
		break;
	case GUNYAH_RM_ID_IPA_RESERVE:
		reserve(&reader);
		break;
	case GUNYAH_RM_ID_MEM_APPEND:
		append(&reader);
		break;
	case GUNYAH_RM_ID_MEM_SHARE:
		share(&reader, 6);
		break;
	}
	return 0;
}

#ifdef FOR_AFL
__AFL_FUZZ_INIT();

/* Thousands of inputs in one process: AFL++ spends most of its time on starting one for each. */
int main(void)
{
	const uint8_t *data;
	__AFL_INIT();
	data = __AFL_FUZZ_TESTCASE_BUF;
	while (__AFL_LOOP(10000))
		LLVMFuzzerTestOneInput(data, __AFL_FUZZ_TESTCASE_LEN);
	return 0;
}
#endif
