/* The small manager behind the line protocol of docs/fuzz-a-program.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "small-manager.h"

#ifdef COVERAGE
/* docs/examples/coverage.c */
void print_coverage(void);
void forget_coverage(void);
#else
#define print_coverage()
#define forget_coverage()
#endif

static int is_dead;

void vm_gets(unsigned to, const uint8_t *frame, size_t size)
{
	printf("rx %u ", to);
	for (size_t i = 0; i < size; i++)
		printf("%02x", frame[i]);
	printf("\n");
}

/* The file that DEFECTS_LOG names gets the defect and the time. */
void manager_died(int defect, const char *place)
{
	const char *log = getenv("DEFECTS_LOG");
	FILE *file = log == NULL ? NULL : fopen(log, "a");

	if (file != NULL) {
		fprintf(file, "%d %lld\n", defect, (long long)time(NULL));
		fclose(file);
	}
	printf("abort %s\n", place);
	is_dead = 1;
}

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
		manager_receive(from, frame, size);
}

int main(void)
{
	static char line[1 << 18];

	manager_boot();
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL) {
		const char *answered = "ok";

		if (strcmp(line, "reset\n") == 0) {
			manager_boot();
			is_dead = 0;
			forget_coverage();
		} else if (is_dead) {
			continue;
		} else if (strncmp(line, "tx ", 3) == 0) {
			transmit(line + 3);
		} else if (strncmp(line, "load ", 5) != 0) { /* devicetrees are not looked at */
			answered = "unsupported";
		}
		print_coverage();
		if (!is_dead)
			printf("%s\n", answered);
		fflush(stdout);
	}
	return 0;
}
