/**
 * The part of the dissector that turns the declarations into fields. All Lua here runs on 5.1 to 5.4: no goto, no bit
 * operators, no integer division.
 */
export const luaDeclare = `
local fields = {}
local experts = {}

-- A ProtoField, made once for each abbreviation (two layouts of one list may share a name).
local made = {}
local function field(abbr, make)
  if made[abbr] == nil then
    made[abbr] = make()
    fields[#fields + 1] = made[abbr]
  end
  return made[abbr]
end

local function expert_info(code, group, severity, text)
  local info = ProtoExpert.new("gunyah_rm.issue." .. code, text, group, severity)
  experts[code] = info
end

expert_info("short", expert.group.MALFORMED, expert.severity.ERROR, "Shorter than its header")
expert_info("api", expert.group.MALFORMED, expert.severity.ERROR, "Not this version of the RPC")
expert_info("fragments", expert.group.MALFORMED, expert.severity.ERROR, "More continuations than the format allows")
expert_info("continuation", expert.group.SEQUENCE, expert.severity.WARN, "Continuation that no message in progress takes")
expert_info("incomplete", expert.group.SEQUENCE, expert.severity.WARN, "The continuations of this message never all came")
expert_info("size", expert.group.PROTOCOL, expert.severity.WARN, "Longer than a queue message can be")
expert_info("truncated", expert.group.MALFORMED, expert.severity.ERROR, "The payload ends inside a field")
expert_info("trailing", expert.group.PROTOCOL, expert.severity.WARN, "Bytes behind the declared fields")
expert_info("padding", expert.group.PROTOCOL, expert.severity.WARN, "Padding that is not zero")
expert_info("max", expert.group.PROTOCOL, expert.severity.WARN, "A list longer than the manager takes")
expert_info("choice", expert.group.UNDECODED, expert.severity.WARN, "A choice by a value that has no layout")
expert_info("unknown", expert.group.UNDECODED, expert.severity.NOTE, "No layout of this payload is public")
expert_info("duplicate", expert.group.SEQUENCE, expert.severity.NOTE, "Repeats a request that has no reply yet")
expert_info("error", expert.group.RESPONSE_CODE, expert.severity.NOTE, "The manager answers with an error")

local unsigned = { ProtoField.uint8, ProtoField.uint16, ProtoField.uint24, ProtoField.uint32, [8] = ProtoField.uint64 }

-- The words that layouts are written in. Each makes a row; the fields of rows are made when a message is declared.
local function u(name, size, hex, doc) return { k = "int", n = name, s = size, hex = hex, d = doc } end
local function s(name, doc) return { k = "int", n = name, s = 4, signed = true, d = doc } end
local function e(name, size, values, doc) return { k = "int", n = name, s = size, values = values, d = doc } end
local function f(name, size, bits, doc) return { k = "flags", n = name, s = size, bits = bits, hex = true, d = doc } end
local function r(name, size) return { k = "int", n = name, s = size, hex = true, d = "reserved" } end
local function b(name, doc, options) options.k, options.n, options.d = "bytes", name, doc return options end
local function with(row, options) for key, value in pairs(options) do row[key] = value end return row end
local function l(name, doc, options) options.k, options.n, options.d = "list", name, doc return options end

local declare

local function declare_row(row, prefix)
  local abbr = prefix .. "." .. row.n
  if row.k == "list" then
    declare(row.words, prefix)
    if row.scalar then
      row.scalar.n = row.n
      declare_row(row.scalar, prefix)
    end
    declare(row.entry or {}, abbr)
    for _, entry in pairs(row.cases or {}) do declare(entry, abbr) end
  elseif row.k == "bytes" then
    if row.text then row.f = field(abbr, function() return ProtoField.string(abbr, row.n, base.UNICODE, row.d) end) end
    local raw = row.text and abbr .. ".raw" or abbr
    if not row.text or row.raw then
      row.raw_f = field(raw, function() return ProtoField.bytes(raw, row.n, base.NONE, row.d) end)
    end
    declare(row.inside or {}, abbr)
  elseif row.signed then
    row.f = field(abbr, function() return ProtoField.int32(abbr, row.n, base.DEC, nil, nil, row.d) end)
  else
    local shown = row.hex and base.HEX or base.DEC
    row.f = field(abbr, function() return unsigned[row.s](abbr, row.n, shown, row.values, nil, row.d) end)
    for _, bit in ipairs(row.bits or {}) do
      local name = abbr .. "." .. bit[1]
      local flag = field(name, function() return ProtoField.bool(name, bit[1], row.s * 8, nil, bit[2]) end)
      row.flags = row.flags or {}
      row.flags[#row.flags + 1] = flag
    end
  end
end

declare = function(rows, prefix)
  for _, row in ipairs(rows) do declare_row(row, prefix) end
end

local messages = {}

local function message(id, name, parts)
  messages[id] = parts
  parts.name = name
  local prefix = "gunyah_rm." .. string.lower(name)
  for _, part in ipairs({ "request", "reply", "error_reply", "notification" }) do
    local layout = parts[part]
    if layout then
      for _, rows in pairs(layout.cases or { layout }) do declare(rows, prefix .. "." .. part) end
    end
  end
end
`;

/** Fields that no message has: the dissector adds them. */
export const luaFields = `
local from_field = field("from_field", function() return ProtoField.uint16("gunyah_rm.from", "from", base.DEC, vmids, nil, "sender") end)
local to_field = field("to_field", function() return ProtoField.uint16("gunyah_rm.to", "to", base.DEC, vmids, nil, "receiver") end)
local name_field = field("name_field", function() return ProtoField.string("gunyah_rm.name", "name") end)
local whole_type = field("whole_type", function() return ProtoField.uint8("gunyah_rm.message_type", "type of the whole message", base.DEC, types) end)
local error_field = field("error_field", function() return ProtoField.uint32("gunyah_rm.error", "error", base.DEC, errors, nil, "outcome of the call") end)
local rest_field = field("rest_field", function() return ProtoField.bytes("gunyah_rm.rest", "rest", base.NONE, "bytes that no field describes") end)
local raw_field = field("raw_field", function() return ProtoField.bytes("gunyah_rm.raw", "queue message") end)
local fragment_field = field("fragment_field", function() return ProtoField.bytes("gunyah_rm.fragment", "fragment") end)
local index_field = field("index_field", function() return ProtoField.uint8("gunyah_rm.fragment_index", "fragment index", base.DEC) end)
local reassembled_in = field("reassembled_in", function() return ProtoField.framenum("gunyah_rm.reassembled_in", "reassembled in") end)
local request_in = field("request_in", function() return ProtoField.framenum("gunyah_rm.request_in", "request in", base.NONE, frametype.REQUEST) end)
local reply_in = field("reply_in", function() return ProtoField.framenum("gunyah_rm.reply_in", "reply in", base.NONE, frametype.RESPONSE) end)
local duplicate_of = field("duplicate_of", function() return ProtoField.framenum("gunyah_rm.duplicate_of", "repeats the request in") end)
local latency_field = field("latency_field", function() return ProtoField.relative_time("gunyah_rm.latency", "time since the request") end)
`;

/** The part of the dissector that reads a payload by its layout. */
export const luaWalk = `
-- Reads one payload: [pos, stop) of a Tvb. Every read is preceded by need(), so no range is ever out of bounds.
local function issue(at, tree, code, text)
  if at.quiet then return end
  if text then tree:add_proto_expert_info(experts[code], text) else tree:add_proto_expert_info(experts[code]) end
end

local function need(at, tree, name, size)
  if at.stop - at.pos >= size then return true end
  issue(at, tree, "truncated", name .. ": " .. size .. " bytes expected, " .. (at.stop - at.pos) .. " left")
  return false
end

-- Whether a bit is set, without bit operators.
local function has(value, bit) return math.floor(value / bit) % 2 == 1 end

local function any(value, bits)
  for _, bit in ipairs(bits) do
    if has(value, bit) then return true end
  end
  return false
end

local walk

local readers = {}

function readers.int(at, tree, row, values)
  if not need(at, tree, row.n, row.s) then return false end
  local range = at.tvb:range(at.pos, row.s)
  at.pos = at.pos + row.s
  tree:add_le(row.f, range)
  -- 64-bit values are never counted with, so they need not be numbers of Lua.
  if row.s < 8 then values[row.n] = range:le_uint() end
  return true
end

function readers.flags(at, tree, row, values)
  if not need(at, tree, row.n, row.s) then return false end
  local range = at.tvb:range(at.pos, row.s)
  at.pos = at.pos + row.s
  local value = range:le_uint()
  values[row.n] = value
  local item = tree:add_le(row.f, range)
  local names = {}
  for index, flag in ipairs(row.flags) do
    item:add_le(flag, range)
    local bit = row.bits[index]
    if has(value, bit[2]) then
      names[#names + 1] = bit[1]
      value = value - bit[2]
    end
  end
  if value ~= 0 then names[#names + 1] = string.format("0x%x", value) end
  item:append_text(" (" .. (#names == 0 and "-" or table.concat(names, " | ")) .. ")")
  return true
end

function readers.bytes(at, tree, row, values)
  local size = row.size or values[row.length]
  local padding = row.pad and (row.pad - size % row.pad) % row.pad or 0
  if not need(at, tree, row.n, size + padding) then return false end
  if size > 0 then
    local range = at.tvb:range(at.pos, size)
    local is_raw = not row.text or (row.raw ~= nil and row.raw[values[row.select]] == true)
    local item = tree:add(is_raw and row.raw_f or row.f, range)
    if row.inside then
      walk({ tvb = at.tvb, pos = at.pos, stop = at.pos + size, quiet = true }, item, row.inside, {})
    end
  end
  at.pos = at.pos + size
  local is_zero = true
  for offset = 0, padding - 1 do
    if at.tvb:range(at.pos + offset, 1):uint() ~= 0 then is_zero = false end
  end
  if not is_zero then issue(at, tree, "padding", row.n .. ": the padding is not zero") end
  at.pos = at.pos + padding
  return true
end

function readers.list(at, tree, row, values)
  local entry = row.entry
  if row.cases then
    entry = row.cases[values[row.select]]
    if entry == nil then
      issue(at, tree, "choice", row.n .. ": no layout for " .. row.select .. " " .. tostring(values[row.select]))
      at.cut = true
      return false
    end
  end
  local count_row = row.words[1]
  if not need(at, tree, row.n, count_row.s) then return false end
  local start = at.pos
  local count = at.tvb:range(start, count_row.s):le_uint()
  local list = tree:add(at.tvb:range(start, count_row.s), row.n .. ": " .. count .. (count == 1 and " entry" or " entries"))
  if not walk(at, list, row.words, values) then return false end
  if row.max and count > row.max then
    issue(at, list, "max", row.n .. ": at most " .. row.max .. " entries, here " .. count)
  end
  local whole = true
  for index = 0, count - 1 do
    if row.scalar then whole = readers.int(at, list, row.scalar, {})
    elseif at.pos >= at.stop then whole = need(at, list, row.n .. "[" .. index .. "]", 1)
    else
      local from = at.pos
      local item = list:add(at.tvb:range(from, at.stop - from), "[" .. index .. "]")
      whole = walk(at, item, entry, {})
      item:set_len(at.pos - from)
    end
    if not whole then break end
  end
  list:set_len(at.pos - start)
  return whole
end

-- Reads rows one after the other; false when the payload ends too early or a choice cannot be made.
walk = function(at, tree, rows, values)
  if rows.may_be_empty and at.pos >= at.stop then return true end
  for _, row in ipairs(rows) do
    local present = not (row.when and not any(values[row.when], row.any))
    if row.trailing and at.pos >= at.stop then present = false end
    if present and not readers[row.k](at, tree, row, values) then return false end
  end
  return true
end
`;
