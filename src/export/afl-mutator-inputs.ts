/** The C functions that change inputs of several messages, and the entry points of both fuzzers. */
export const mutatorInputs = `
/* For inputs that hold no message, and for messages that find no room. */
static size_t change_plain(uint8_t *data, size_t size, size_t max)
{
	const size_t at = below(size);

	if (size < max && (size == 0 || one_of(4))) {
		memmove(data + at + 1, data + at, size - at);
		data[at] = (uint8_t)draw();
		return size + 1;
	}
	if (size > 1 && one_of(4)) {
		memmove(data + at, data + at + 1, size - at - 1);
		return size - 1;
	}
	if (size > 0)
		data[at] = one_of(2) ? (uint8_t)draw() : data[at] ^ (uint8_t)(1u << below(8));
	return size;
}

/* Changes one message of the input. Other is another input, from which a message can be taken. */
static size_t change(uint8_t *data, size_t size, size_t max, const uint8_t *other, size_t other_size)
{
	struct message message = { 0 }, next;
	size_t count = 0, end;
	int false_fragments = 0;

	for (size_t at = 0; read_message(data, size, at, &next); at += next.size)
		if (one_of(++count))
			message = next;
	if (count == 0) {
		if (size > 0 && !one_of(4))
			return change_plain(data, size, max);
		message.size = size;
		make_message(&message, any_part());
	} else {
		const size_t action = below(128);
		read_message(data, size, message.at, &message);
		if (action == 0) { /* once more */
			message.size = 0;
		} else if (action == 1 && count > 1) { /* not at all */
			end = message.at + message.size;
			memmove(data + message.at, data + end, size - end);
			return size - message.size;
		} else if (action == 2) { /* another one in front of it */
			message.size = 0;
			make_message(&message, any_part());
		} else if (action == 3) { /* one of another input in its place or in front of it */
			if (!read_message(other, other_size, 0, &next))
				return change_plain(data, size, max);
			next.size = one_of(2) ? message.size : 0;
			next.at = message.at;
			message = next;
		} else if (action < 6) { /* another one in its place */
			make_message(&message, any_part());
		} else if (action < 12) {
			false_fragments = change_header(&message);
		} else if (action == 12) {
			return change_plain(data, size, max);
		} else {
			change_payload(&message);
		}
	}
	end = write_message(data, size, max, &message, false_fragments);
	return end == NONE ? change_plain(data, size, max) : end;
}

/* Changes an input of at most max bytes in place: one to four changes. Returns its new size, at least 1 unless max is 0. */
static size_t mutate(uint8_t *data, size_t size, size_t max, const uint8_t *other, size_t other_size)
{
	if (max == 0)
		return 0;
	for (size_t rounds = (size_t)1 << below(3); rounds > 0; rounds--)
		size = change(data, size, max, other, other_size);
	if (size == 0)
		data[size++] = (uint8_t)draw();
	return size;
}

#ifdef GUNYAH_RM_LIBFUZZER

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	random_state = seed;
	return mutate(data, size < max_size ? size : max_size, max_size, NULL, 0);
}

#else

/* Larger inputs are cut. */
enum { MAX_INPUT = 65536 };

void *afl_custom_init(void *afl, unsigned int seed);
size_t afl_custom_fuzz(void *state, uint8_t *data, size_t size, uint8_t **out, uint8_t *other, size_t other_size,
		       size_t max_size);
void afl_custom_deinit(void *state);

void *afl_custom_init(void *afl, unsigned int seed)
{
	(void)afl;
	random_state = seed;
	return malloc(MAX_INPUT);
}

size_t afl_custom_fuzz(void *state, uint8_t *data, size_t size, uint8_t **out, uint8_t *other, size_t other_size,
		       size_t max_size)
{
	const size_t max = max_size < MAX_INPUT ? max_size : MAX_INPUT;

	size = size < max ? size : max;
	*out = state;
	if (size > 0)
		memcpy(*out, data, size);
	return mutate(*out, size, max, other, other_size);
}

void afl_custom_deinit(void *state)
{
	free(state);
}

#endif
`;
