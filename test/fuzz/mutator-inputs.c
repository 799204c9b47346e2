/*
 * Puts inputs to the mutator: files, their beginnings, the files with wrong fields, and bytes that are no messages. Each
 * output must be within the limit, and the same for the same seed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *afl_custom_init(void *afl, unsigned int seed);
size_t afl_custom_fuzz(void *state, uint8_t *data, size_t size, uint8_t **out, uint8_t *other, size_t other_size,
		       size_t max_size);
void afl_custom_deinit(void *state);

enum { LARGEST = 100000 };
static const size_t limits[] = { 0, 1, 7, 8, 9, 16, 239, 240, 241, 1024, 15120, 65536, 1000000 };
static uint8_t input[LARGEST], other[LARGEST];
static size_t other_size, inputs, changed;

static unsigned draw(void)
{
	static uint64_t state = 1;
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state >> 33);
}

/* The input is copied to a block of its own size, so that the sanitizer sees what is read behind it. */
static size_t mutated(size_t size, size_t max, unsigned seed, uint8_t *copy)
{
	void *state = afl_custom_init(NULL, seed);
	uint8_t *data = malloc(size > 0 ? size : 1), *out;
	memcpy(data, input, size);
	const size_t length = afl_custom_fuzz(state, data, size, &out, other, other_size, max);
	if (length > max || (max > 0 && length == 0) || length > LARGEST)
		exit(1);
	memcpy(copy, out, length);
	free(data);
	afl_custom_deinit(state);
	return length;
}

static void put(size_t size, size_t max, unsigned seed)
{
	static uint8_t first[LARGEST], second[LARGEST];
	const size_t length = mutated(size, max, seed, first);
	if (mutated(size, max, seed, second) != length || memcmp(first, second, length) != 0)
		exit(2);
	inputs++;
	changed += length != size || memcmp(first, input, length) != 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		const size_t size = fread(input, 1, LARGEST, file);
		fclose(file);
		for (unsigned seed = 0; seed < 13; seed++)
			put(size, limits[seed], seed);
		for (size_t cut = 0; cut < size && cut < 200; cut += 5)
			put(cut, 4096, (unsigned)cut);
		for (unsigned seed = 0; seed < 20 && size > 12; seed++) {
			const size_t at = 8 + draw() % (size - 11);
			uint8_t kept[4];
			memcpy(kept, input + at, 4);
			memset(input + at, seed % 2 == 0 ? 255 : (int)draw(), 4);
			put(size, 20000, seed);
			memcpy(input + at, kept, 4);
		}
		memcpy(other, input, size);
		other_size = size;
	}
	for (unsigned seed = 0; seed < 5000; seed++) {
		const size_t size = seed % 100 == 0 ? LARGEST : draw() % 700;
		for (size_t at = 0; at < size; at++)
			input[at] = seed % 3 == 0 ? 0x21 : (uint8_t)draw();
		put(size, limits[seed % 13], seed);
	}
	printf("%zu inputs, %zu changed\n", inputs, changed);
	return 0;
}
