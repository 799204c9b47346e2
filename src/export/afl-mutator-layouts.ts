/** The C functions that read payloads by the tables of the layouts, and make new ones. */
export const mutatorLayouts = `
#define LENGTH_OF(table) (sizeof(table) / sizeof((table)[0]))
#define NONE ((size_t)-1)

static uint64_t random_state;

/* SplitMix64. */
static uint64_t draw(void)
{
	uint64_t x = random_state += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* A number from 0 to count - 1. 0 if count is 0. */
static size_t below(size_t count)
{
	return count == 0 ? 0 : (size_t)(draw() % count);
}

static int one_of(size_t count)
{
	return below(count) == 0;
}

static uint64_t get(const uint8_t *at, size_t size)
{
	uint64_t value = 0;
	while (size-- > 0)
		value = value << 8 | at[size];
	return value;
}

static void put(uint8_t *at, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++, value >>= 8)
		at[i] = (uint8_t)value;
}

static uint64_t known_value(void)
{
	return known[below(LENGTH_OF(known))];
}

static size_t padded(size_t size, size_t pad)
{
	return (size + pad - 1) / pad * pad;
}

static int is_present(const struct row *row, const uint64_t *seen)
{
	return row->when == NO_ROW || (seen[row->when] & row->mask) != 0;
}

/* The layout of the entries of a list. NULL if no entry is declared for what the payload selects. */
static const struct layout *entry_layout(const struct row *list, const uint64_t *seen)
{
	for (size_t i = list->first; i < (size_t)list->first + list->count; i++)
		if (list->by == NO_ROW || seen[list->by] == choices[i].value)
			return &layouts[choices[i].layout];
	return NULL;
}

/* A place in a payload that can be changed. */
struct site {
	enum { NOWHERE, A_WORD, SOME_BYTES, A_LIST, AN_ENTRY, AN_END } what;
	const struct row *row;
	const struct layout *entry; /* of lists and entries */
	size_t at, size;            /* all entries of a list, or one entry */
	size_t count_at, count_size; /* length of the bytes, count of the list; size 0 if there is none */
	int is_outer;               /* not within an entry */
};

/* What a walk through a payload finds: one site, drawn among all by their weights, and where the rows begin. */
struct walk {
	const uint8_t *bytes;
	size_t length;
	struct site site;
	size_t weights;
	size_t row_at[MAX_ROWS];
	uint64_t seen[MAX_ROWS];
};

static void offer(struct walk *walk, size_t weight, struct site site)
{
	walk->weights += weight;
	if (below(walk->weights) < weight)
		walk->site = site;
}

static size_t weight_of(const struct row *row)
{
	switch (row->kind) {
	case RESERVED:
	case LENGTH:
	case COUNT:
		return 1;
	default:
		return 8;
	}
}

/* Goes through the rows of a layout from offset at on. Returns where they end, NONE if the payload is too short. */
static size_t walk_rows(struct walk *walk, const struct layout *layout, size_t at, int is_outer)
{
	uint64_t seen[MAX_ROWS] = { 0 };
	size_t starts[MAX_ROWS] = { 0 };
	size_t end = at, i = 0;
	const int is_missing = layout->may_be_empty && at == walk->length;

	for (; i < layout->count && !is_missing && end != NONE; i++) {
		const struct row *row = &rows[layout->first + i];
		const size_t left = walk->length - end;

		starts[i] = end;
		if (!is_present(row, seen))
			continue;
		if (row->trailing && left == 0)
			break;
		if (is_outer)
			offer(walk, 1, (struct site){ .what = AN_END, .row = row, .at = end });
		if (row->kind == BYTES) {
			const uint64_t size = row->link == NO_ROW ? row->size : seen[row->link];
			const struct site site = {
				.what = SOME_BYTES, .row = row, .at = end, .size = (size_t)size, .is_outer = is_outer,
				.count_at = row->link == NO_ROW ? 0 : starts[row->link],
				.count_size = row->link == NO_ROW ? 0 : rows[layout->first + row->link].size,
			};
			if (size > left || padded((size_t)size, row->pad) > left) {
				end = NONE;
				continue;
			}
			offer(walk, weight_of(row), site);
			end += padded((size_t)size, row->pad);
		} else if (row->kind == LIST) {
			struct site site = {
				.what = A_LIST, .row = row, .entry = entry_layout(row, seen), .at = end, .is_outer = is_outer,
				.count_at = starts[row->link], .count_size = rows[layout->first + row->link].size,
			};
			if (site.entry == NULL && seen[row->link] > 0) {
				end = NONE;
				continue;
			}
			/* A false count ends with the payload, because no entry is empty. */
			for (uint64_t n = 0; n < seen[row->link] && end != NONE; n++) {
				const size_t next = walk_rows(walk, site.entry, end, 0);
				if (next != NONE && next > end) {
					struct site entry = site;
					entry.what = AN_ENTRY;
					entry.at = end;
					entry.size = next - end;
					offer(walk, 4, entry);
				}
				end = next == end ? NONE : next;
			}
			site.size = end == NONE ? 0 : end - site.at;
			if (end != NONE && site.entry != NULL)
				offer(walk, 16, site);
		} else if (row->size > left) {
			end = NONE;
		} else {
			seen[i] = get(walk->bytes + end, row->size);
			offer(walk, weight_of(row), (struct site){
				.what = A_WORD, .row = row, .at = end, .size = row->size, .is_outer = is_outer,
			});
			end += row->size;
		}
	}
	for (; i < layout->count; i++)
		starts[i] = end;
	if (is_outer) {
		memcpy(walk->seen, seen, sizeof seen);
		memcpy(walk->row_at, starts, sizeof starts);
	}
	return end;
}

/* A value for a new word. */
static uint64_t new_value(const struct row *row)
{
	if (row->kind == RESERVED)
		return one_of(16) ? draw() : 0;
	if (row->kind == FLAGS) {
		uint64_t value = 0;
		for (size_t i = 0; i < row->count; i++)
			value |= one_of(4) ? values[row->first + i] : 0;
		return value;
	}
	if (row->count > 0 && !one_of(16))
		return values[row->first + below(row->count)];
	return one_of(2) ? below(256) : known_value();
}

/*
 * Writes new rows of a layout from row i on, at an offset of the payload. The words in front of them are in seen, their
 * places in starts. Returns where the rows end, NONE if there is no room.
 */
static size_t make_rows(uint8_t *bytes, size_t room, const struct layout *layout, size_t i, size_t at, uint64_t *seen,
			size_t *starts)
{
	for (; i < layout->count; i++) {
		const struct row *row = &rows[layout->first + i];

		starts[i] = at;
		if (!is_present(row, seen))
			continue;
		if (row->trailing && one_of(2))
			return at;
		if (row->kind == BYTES) {
			const size_t size = row->link == NO_ROW ? row->size : below(24);
			const size_t whole = padded(size, row->pad);
			if (whole > room - at)
				return NONE;
			memset(bytes + at, 0, whole);
			for (size_t n = 0; n < size; n++)
				bytes[at + n] = (uint8_t)('a' + below(26));
			if (row->link != NO_ROW)
				put(bytes + starts[row->link], rows[layout->first + row->link].size, size);
			at += whole;
		} else if (row->kind == LIST) {
			const struct layout *entry = entry_layout(row, seen);
			const size_t count = entry == NULL ? 0 : below(one_of(8) ? 32 : 4);
			for (size_t n = 0; n < count; n++) {
				uint64_t entry_seen[MAX_ROWS] = { 0 };
				size_t entry_starts[MAX_ROWS] = { 0 };
				at = make_rows(bytes, room, entry, 0, at, entry_seen, entry_starts);
				if (at == NONE)
					return NONE;
			}
			put(bytes + starts[row->link], rows[layout->first + row->link].size, count);
		} else {
			if (row->size > room - at)
				return NONE;
			put(bytes + at, row->size, new_value(row));
			seen[i] = get(bytes + at, row->size);
			at += row->size;
		}
	}
	return at;
}

/* A new payload by a layout. */
static size_t make_payload(uint8_t *bytes, size_t room, const struct layout *layout, size_t at)
{
	uint64_t seen[MAX_ROWS] = { 0 };
	size_t starts[MAX_ROWS] = { 0 };

	return make_rows(bytes, room, layout, 0, at, seen, starts);
}
`;
