/*
 * The small manager for AFL++. It reads queue messages, one behind the other, as `export afl-mutator` and `fuzz corpus` have
 * them. Such an input names no senders: a message with an odd sequence number is from the VM that was allocated last, every
 * other one from HLOS.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "small-manager.h"

enum { HEADER = 8, HLOS = 3, API_VERSION = 0x21 };

void vm_gets(unsigned to, const uint8_t *frame, size_t size)
{
	(void)to, (void)frame, (void)size;
}

/* The file that DEFECTS_LOG names gets the defect and the time. */
void manager_died(int defect, const char *place)
{
	const char *log = getenv("DEFECTS_LOG");
	FILE *file = log == NULL ? NULL : fopen(log, "a");

	(void)place;
	if (file != NULL) {
		fprintf(file, "%d %lld\n", defect, (long long)time(NULL));
		fclose(file);
	}
	abort();
}

static void run(const uint8_t *bytes, size_t size)
{
	manager_boot();
	while (size >= HEADER) {
		size_t part = size < QUEUE_MESSAGE ? size : QUEUE_MESSAGE;

		/* A shorter queue message ends where the next one begins: its id is of memory (51) or of VMs (56). */
		for (size_t at = HEADER; at + HEADER <= part; at++)
			if (bytes[at] == API_VERSION && bytes[at + 6] == 0 && (bytes[at + 7] == 0x51 || bytes[at + 7] == 0x56))
				part = at;
		manager_receive(bytes[2] & 1 ? manager_last_vmid() : HLOS, bytes, part);
		bytes += part;
		size -= part;
	}
}

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
