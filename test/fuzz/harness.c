/* What libFuzzer and AFL++ are given the corpus with: looks at queue messages, and finds nothing wrong. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { HEADER_SIZE = 8, MESSAGE_SIZE = 240 };

/* Queue messages that are no RPC messages. */
static size_t malformed(const uint8_t *data, size_t size)
{
	size_t count = 0;
	while (size > 0) {
		const size_t part = size < MESSAGE_SIZE ? size : MESSAGE_SIZE;
		count += part < HEADER_SIZE || data[0] != 0x21;
		data += part;
		size -= part;
	}
	return count;
}

#ifdef LIBFUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static volatile size_t seen;
	seen += malformed(data, size);
	return 0;
}
#else
int main(int argc, char **argv)
{
	static uint8_t data[63 * MESSAGE_SIZE];
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
	if (file == NULL)
		return 2;
	printf("%zu\n", malformed(data, fread(data, 1, sizeof data, file)));
	return 0;
}
#endif
