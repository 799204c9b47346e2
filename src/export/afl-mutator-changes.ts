/** The C functions that read messages in an input, change them and write them. */
export const mutatorChanges = `
/* Byte 0 of a header: API version 1, 2 words of header. */
#define HEADER_START 0x21

/* A message within the input. Its payload, put together from its queue messages, is in the array below. */
struct message {
	size_t at, size; /* its queue messages in the input */
	uint8_t header[HEADER];
	size_t length; /* bytes of the payload */
};

static uint8_t payload[MAX_PAYLOAD];

static uint8_t type_of(const uint8_t *header)
{
	return header[1] & 3;
}

static uint8_t fragments_of(const uint8_t *header)
{
	return header[1] >> 2;
}

static uint32_t id_of(const uint8_t *header)
{
	return (uint32_t)get(header + 4, 4);
}

static int is_first(const uint8_t *header, size_t left)
{
	return left >= HEADER && header[0] == HEADER_START && type_of(header) != TYPE_CONTINUATION &&
	       fragments_of(header) <= MAX_CONTINUATIONS;
}

static int is_declared(const uint8_t *header)
{
	for (size_t i = 0; i < LENGTH_OF(parts); i++)
		if (parts[i].id == id_of(header) && parts[i].type == type_of(header))
			return 1;
	return 0;
}

/* Walks through the payload by the first layout that fits it to its last byte, else by the last of its layouts. */
static const struct layout *walk_message(const struct message *message, struct walk *walk, size_t *end)
{
	const struct layout *found = NULL;

	for (size_t i = 0; i < LENGTH_OF(parts) && (found == NULL || *end != message->length); i++) {
		const struct part *part = &parts[i];
		const size_t start = part->error == NO_ERROR_WORD ? 0 : 4;
		if (part->id != id_of(message->header) || part->type != type_of(message->header))
			continue;
		if (message->length < start || (start > 0 && (get(payload, 4) != 0) != (part->error == WHEN_FAILED)))
			continue;
		memset(walk, 0, sizeof *walk);
		walk->bytes = payload;
		walk->length = message->length;
		found = &layouts[part->layout];
		*end = walk_rows(walk, found, start, 1);
	}
	return found;
}

/* Reads the message at an offset of the input. It ends with its last queue message, or where the next one begins. */
static int read_message(const uint8_t *data, size_t size, size_t at, struct message *message)
{
	struct walk walk;
	size_t end = NONE, last = 0;

	if (at >= size || !is_first(data + at, size - at))
		return 0;
	memcpy(message->header, data + at, HEADER);
	message->at = at;
	message->length = 0;
	for (unsigned i = 0; i <= fragments_of(message->header); i++) {
		const size_t left = size - at;
		const size_t whole = left < QUEUE_MESSAGE ? left : QUEUE_MESSAGE;
		if (i > 0 && (left < HEADER || type_of(data + at) != TYPE_CONTINUATION))
			break;
		last = message->length;
		memcpy(payload + message->length, data + at + HEADER, whole - HEADER);
		message->length += whole - HEADER;
		at += whole;
	}
	message->size = at - message->at;
	if (walk_message(message, &walk, &end) != NULL && end != NONE && end >= last && end < message->length &&
	    is_first(payload + end, message->length - end) && is_declared(payload + end)) {
		message->size -= message->length - end;
		message->length = end;
	}
	return 1;
}

/* Puts the message in the place of its former queue messages. Returns the new size of the input, NONE above max. */
static size_t write_message(uint8_t *data, size_t size, size_t max, const struct message *message, int false_fragments)
{
	const size_t pieces = message->length == 0 ? 1 : (message->length + CONTENT - 1) / CONTENT;
	const size_t bytes = pieces * HEADER + message->length;
	const size_t behind = message->at + message->size;
	uint8_t header[HEADER];

	if (size - message->size > max || bytes > max - (size - message->size))
		return NONE;
	memmove(data + message->at + bytes, data + behind, size - behind);
	memcpy(header, message->header, HEADER);
	if (!false_fragments)
		header[1] = (uint8_t)(type_of(header) | (pieces - 1) << 2);
	for (size_t i = 0, at = message->at; i < pieces; i++) {
		const size_t left = message->length - i * CONTENT;
		const size_t part = left < CONTENT ? left : CONTENT;
		memcpy(data + at, header, HEADER);
		memcpy(data + at + HEADER, payload + i * CONTENT, part);
		at += HEADER + part;
		header[1] &= 0xfc;
	}
	return size - message->size + bytes;
}

/* Changes the number of bytes at an offset of the payload. The bytes behind them move. */
static int resize(struct message *message, size_t at, size_t old, size_t new)
{
	if (new > MAX_PAYLOAD - (message->length - old))
		return 0;
	memmove(payload + at + new, payload + at + old, message->length - at - old);
	message->length = message->length - old + new;
	return 1;
}

/* Sets a count or a length, most of the time. */
static void set_count(const struct site *site, uint64_t count)
{
	if (site->count_size > 0 && !one_of(8))
		put(payload + site->count_at, site->count_size, count);
}

static uint64_t changed_value(const struct message *message, const struct row *row, uint64_t value)
{
	if (row->count > 0 && one_of(2)) {
		const uint32_t declared = values[row->first + below(row->count)];
		return row->kind == FLAGS ? value ^ declared : declared;
	}
	switch (below(7)) {
	case 0:
		return value + 1 + below(16);
	case 1:
		return value - 1 - below(16);
	case 2:
		return value ^ UINT64_C(1) << below(row->size * 8u);
	case 3:
		return draw();
	case 4: /* what another place holds */
		return get(payload + below(message->length - row->size + 1), row->size);
	case 5:
		return below(256);
	default:
		return known_value();
	}
}

static void change_word(struct message *message, const struct layout *layout, struct walk *walk, size_t end)
{
	const struct site *site = &walk->site;
	const struct row *row = site->row;
	const uint64_t value = changed_value(message, row, get(payload + site->at, row->size));

	put(payload + site->at, row->size, value);
	if (!site->is_outer || row->tail == NO_ROW || end == NONE || one_of(4))
		return;
	/* What depends on this word is made anew, so that the payload still fits its layout. */
	walk->seen[row - &rows[layout->first]] = get(payload + site->at, row->size);
	end = make_rows(payload, MAX_PAYLOAD, layout, row->tail, walk->row_at[row->tail], walk->seen, walk->row_at);
	if (end != NONE)
		message->length = end;
}

static void change_content(const struct site *site)
{
	if (site->size == 0)
		return;
	if (one_of(2))
		payload[site->at + below(site->size)] = (uint8_t)draw();
	else if (one_of(2))
		payload[site->at + below(site->size)] ^= (uint8_t)(1u << below(8));
	else
		memset(payload + site->at, (int)below(256), site->size);
}

static void change_bytes(struct message *message, const struct site *site)
{
	const size_t most = site->count_size == 1 ? 255 : site->count_size == 0 ? 0 : 4096;
	const size_t whole = padded(site->size, site->row->pad);
	size_t size, keep, new;

	if (site->count_size == 0 || one_of(2)) {
		change_content(site);
		return;
	}
	switch (below(5)) {
	case 0:
		size = 0;
		break;
	case 1:
		size = site->size + 1;
		break;
	case 2:
		size = site->size > 0 ? site->size - 1 : 1;
		break;
	case 3:
		size = site->size * 2;
		break;
	default:
		size = below(256);
		break;
	}
	size = size < most ? size : most;
	keep = size < site->size ? size : site->size;
	new = padded(size, site->row->pad);
	if (!resize(message, site->at + keep, whole - keep, new - keep))
		return;
	memset(payload + site->at + keep, 0, new - keep);
	for (size_t i = keep; i < size; i++)
		payload[site->at + i] = (uint8_t)draw();
	set_count(site, size);
}

/* Puts a new entry at an offset of a list in the place of old bytes. */
static int put_entry(struct message *message, const struct site *site, size_t at, size_t old)
{
	uint8_t entry[512];
	const size_t size = make_payload(entry, sizeof entry, site->entry, 0);

	if (size == NONE || !resize(message, at, old, size))
		return 0;
	memcpy(payload + at, entry, size);
	return 1;
}

static int repeat(struct message *message, const struct site *site)
{
	if (!resize(message, site->at, 0, site->size))
		return 0;
	memcpy(payload + site->at, payload + site->at + site->size, site->size);
	return 1;
}

static void change_list(struct message *message, const struct site *site)
{
	const uint64_t count = get(payload + site->count_at, site->count_size);

	switch (below(4)) {
	case 0:
		if (resize(message, site->at, site->size, 0))
			set_count(site, 0);
		break;
	case 1:
		if (repeat(message, site))
			set_count(site, count * 2);
		break;
	default:
		if (put_entry(message, site, site->at + (one_of(2) ? site->size : 0), 0))
			set_count(site, count + 1);
		break;
	}
}

static void change_entry(struct message *message, const struct site *site)
{
	const uint64_t count = get(payload + site->count_at, site->count_size);

	switch (below(4)) {
	case 0:
		if (resize(message, site->at, site->size, 0))
			set_count(site, count - 1);
		break;
	case 1:
		if (repeat(message, site))
			set_count(site, count + 1);
		break;
	case 2:
		if (put_entry(message, site, site->at, 0))
			set_count(site, count + 1);
		break;
	default:
		put_entry(message, site, site->at, site->size);
		break;
	}
}

static void change_payload(struct message *message)
{
	struct walk walk;
	size_t end = NONE;
	const struct layout *layout = walk_message(message, &walk, &end);

	if (layout == NULL || walk.weights == 0 || one_of(64)) {
		/* Bytes that no layout describes. */
		const size_t size = message->length;
		if (resize(message, size, 0, 1 + below(8)))
			for (size_t at = size; at < message->length; at++)
				payload[at] = (uint8_t)draw();
		else
			payload[below(size)] = (uint8_t)draw();
		return;
	}
	switch (walk.site.what) {
	case A_WORD:
		change_word(message, layout, &walk, end);
		break;
	case SOME_BYTES:
		change_bytes(message, &walk.site);
		break;
	case A_LIST:
		change_list(message, &walk.site);
		break;
	case AN_ENTRY:
		change_entry(message, &walk.site);
		break;
	default:
		message->length = walk.site.at;
		break;
	}
}

/* A new payload of a part, with its header. */
static void make_message(struct message *message, const struct part *part)
{
	const size_t start = part->error == NO_ERROR_WORD ? 0 : 4;

	message->header[0] = HEADER_START;
	message->header[1] = part->type;
	put(message->header + 2, 2, draw());
	put(message->header + 4, 4, part->id);
	if (start > 0) {
		const struct row *error = &rows[layouts[ERROR_LAYOUT].first];
		const uint32_t value = values[error->first + below(error->count)];
		put(payload, 4, part->error == WHEN_OK ? 0 : value == 0 ? 1 : value);
	}
	message->length = make_payload(payload, MAX_PAYLOAD, &layouts[part->layout], start);
	if (message->length == NONE)
		message->length = start;
}

static const struct part *any_part(void)
{
	return &parts[below(LENGTH_OF(parts))];
}

/* Returns whether the number of continuations is to stay as it is now. */
static int change_header(struct message *message)
{
	switch (below(5)) {
	case 0:
		message->header[1] = (uint8_t)((message->header[1] & 3) | draw() << 2);
		return 1;
	case 1:
		message->header[1] = (uint8_t)((message->header[1] & 0xfc) | below(4));
		break;
	case 2:
		put(message->header + 2, 2, draw());
		break;
	case 3:
		put(message->header + 4, 4, any_part()->id);
		break;
	default:
		message->header[below(HEADER)] ^= (uint8_t)(1u << below(8));
		return 1;
	}
	return 0;
}
`;
