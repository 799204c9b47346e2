import {
  bits,
  byRequest,
  bytes,
  call,
  counted,
  countedList,
  enumeration,
  type Family,
  field,
  flags,
  length,
  list,
  listBy,
  maybeEmpty,
  notification,
  protocol,
  reserved,
  s32,
  struct,
  u8,
  u16,
  u32,
  u64,
  unknownCall,
} from '../src/schema/index.js';

/**
 * A protocol of three messages that uses every word of the declaration language once or twice, so that the engine is
 * tested without the real protocol. The numbers of the framing are those of rpc.md, since its edges are tested too.
 */
const common = { sources: ['toy'] };
const info = { doc: 'toy' };

export const colour = enumeration('colour', u8, { RED: 1, GREEN: 2, BLUE: 200 }, info);
export const route = enumeration('route', u8, { NEAR: 1, FAR: 2 }, info);
export const depth = enumeration('depth', u16, { LOW: 0, HIGH: 0xffff }, info);
export const parts = flags('parts', u8, { TAGS: 1, SPARE: 2, LAST: 0x80 }, info);
export const toyError = enumeration('toy_error', u32, { OK: 0, REFUSED: 7 }, info);

/** Fixed size, all widths of integers, reserved bytes of 1 and 3. */
export const cell = struct(
  28,
  {
    address: field(u64, 'an address'),
    colour: field(colour, 'a colour'),
    reserved0: reserved(3),
    depth: field(depth, 'a depth'),
    shift: field(s32, 'may be negative'),
    key: field(bytes(8), 'a key'),
    level: field(u8, 'a level'),
    reserved1: reserved(1),
  },
  'cell',
);

/** Variable size inside a list, with a length of its own. */
export const name = struct(
  4,
  {
    kind: field(u8, 'a kind'),
    reserved: reserved(1),
    text_size: length(u16, 'bytes of text'),
    text: field(counted('text_size', 'utf8', { padTo: 4 }), 'some text'),
  },
  'name',
);

const near = struct(2, { distance: field(u16, 'how far') }, 'near');
const far = struct(12, { distance: field(u64, 'how far'), reserved: reserved(4) }, 'far');

/** `tags` by a flag, `extra` by the end of the payload, `last` by both. */
export const PAINT = call('PAINT', {
  id: 0x10000001,
  doc: 'Paints cells.',
  ...common,
  request: struct(10, {
    mem_handle: field(u32, 'what to paint'),
    parts: field(parts, 'what follows'),
    comment_size: length(u8, 'bytes of the comment'),
    comment: field(counted('comment_size', 'raw'), 'any bytes'),
    tags: field(countedList(u32, 'n_tags', u16), 'tags', { when: { field: 'parts', any: ['TAGS'] } }),
    cells: field(list(cell, { max: 5, headerWords: { cells_vmid: field(u16, 'a VM') } }), 'cells'),
    extra: field(list(u64), 'extra', { trailing: true }),
    last: field(u32, 'the last word', {
      when: { field: 'parts', any: ['LAST', 'SPARE'] },
      trailing: true,
    }),
  }),
  reply: maybeEmpty(
    struct(8, { painted: field(u32, 'how many'), left: field(u16, 'how many'), reserved: reserved(2) }),
  ),
  errorReply: struct(4, { where: field(u32, 'cell that failed') }),
  example: {
    request: { mem_handle: 1, parts: 0, comment: new Uint8Array([1]), cells_vmid: 2, cells: [] },
    reply: { painted: 1, left: 0 },
    errorReply: { where: 3 },
  },
});

/** A reply by the request, a list by an earlier field. */
export const MEASURE = call('MEASURE', {
  id: 0x10000002,
  doc: 'Measures distances.',
  ...common,
  request: struct(8, {
    route: field(route, 'what to measure'),
    reserved: reserved(3),
    ways: field(listBy({ field: 'route', type: route }, { NEAR: near, FAR: far }, { max: 4 }), 'ways'),
  }),
  reply: byRequest(
    { field: 'route', type: route },
    {
      NEAR: struct(4, { names: field(countedList(u32, 'n_names', name), 'names') }),
      FAR: struct(8, { total: field(u64, 'in all') }),
    },
  ),
  example: { request: { route: 1, ways: [] }, reply: { names: [] } },
});

export const DONE = notification('DONE', {
  id: 0x10100001,
  doc: 'All is painted.',
  ...common,
  payload: struct(8, { reserved: reserved(4), mem_handle: field(u32, 'what was painted') }),
  example: { payload: { mem_handle: 1 } },
});

/** Reserved bytes and nothing else: an empty object is a whole value. */
export const blank = struct(4, { reserved: reserved(4) }, 'blank');

const header = struct(8, {
  api_version: bits(0, 4, 'always 1'),
  header_words: bits(4, 4, 'always 2'),
  type: bits(0, 2, 'what the message is'),
  fragments: bits(2, 6, 'continuations'),
  seq: field(u16, 'sequence number'),
  msg_id: field(u32, 'message id'),
});

const family: Family = {
  name: 'toy',
  title: 'Toy',
  doc: 'All there is.',
  messages: [PAINT, MEASURE, DONE, unknownCall('MYSTERY', { id: 0x10000003, doc: 'Who knows.', ...common })],
};

export const toy = protocol({
  name: 'toy',
  header,
  error: toyError,
  limits: {
    queue_message: 240,
    header: 8,
    content: 232,
    max_continuations: 62,
    max_payload: 14616,
    max_reply_data: 14612,
    linux_max_request: 14384,
    mem_list_entries: 5,
    ipa_list_entries: 4,
    parcels_per_owner: 1,
    name_length: 79,
    crash_message: 192,
  },
  constants: {},
  labels: { toy: 'this file' },
  families: [family],
  enums: [colour, route, depth, toyError],
  flags: [parts],
  structs: [cell, name],
  errno: {},
});
