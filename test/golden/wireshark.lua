-- The part of Wireshark's Lua interface that the dissector uses, so that it can run in any version of Lua. Strict: ranges
-- out of bounds, fields that were not registered and values of wrong types are errors, as they are there.
-- Usage: lua wireshark.lua DISSECTOR < lines of "SECONDS HEX"; prints fields in the form of tshark's PDML, after two passes.

local proto
local registered = {}

local function class(methods)
  methods.__index = methods
  return methods
end

local function check(condition, text)
  if not condition then error(text, 3) end
end

-- Hex digits of the bytes [start, stop] in little-endian order as a number; up to 4 bytes.
local function number_of(hex)
  local value = 0
  for at = #hex - 1, 1, -2 do value = value * 256 + tonumber(string.sub(hex, at, at + 1), 16) end
  return value
end

local ByteArray_methods = class({})
function ByteArray_methods:append(other) self.hex = self.hex .. other.hex end
function ByteArray_methods:len() return #self.hex / 2 - (#self.hex / 2) % 1 end
function ByteArray_methods:get_index(at)
  check(at >= 0 and at < #self.hex / 2, "index out of range")
  return tonumber(string.sub(self.hex, 2 * at + 1, 2 * at + 2), 16)
end

local Range = class({})
function Range:le_uint()
  check(#self.hex <= 8 and #self.hex > 0, "1 to 4 bytes")
  return number_of(self.hex)
end
function Range:uint()
  check(#self.hex == 2, "one byte here")
  return number_of(self.hex)
end
function Range:bytes() return setmetatable({ hex = self.hex }, ByteArray_methods) end

local Tvb = class({})
function Tvb:len() return self.size end
function Tvb:range(at, size)
  size = size or self.size - at
  check(at >= 0 and size >= 0 and at + size <= self.size, "range out of bounds")
  check(size > 0 or at == 0, "range of no bytes")
  return setmetatable({ hex = string.sub(self.hex, 2 * at + 1, 2 * (at + size)) }, Range)
end
Tvb.__call = Tvb.range
local function tvb_of(hex) return setmetatable({ hex = hex, size = math.floor(#hex / 2) }, Tvb) end
function ByteArray_methods:tvb(name)
  check(type(name) == "string", "a name")
  return tvb_of(self.hex)
end

local out
local function emit(name, show, showname, value)
  if out then
    io.write(string.format('<field name="%s" showname="%s" show="%s" value="%s"/>\n', name, showname, show, value))
  end
end

local function show_field(field, hex)
  check(registered[field], field.abbr .. " is not registered")
  if field.kind == "bytes" or field.kind == "string" then return emit(field.abbr, "", "", hex) end
  check(#hex == 2 * field.size or field.mask, field.abbr .. " of another size")
  if field.size == 8 then
    local digits = ""
    for at = #hex - 1, 1, -2 do digits = digits .. string.sub(hex, at, at + 1) end
    return emit(field.abbr, "0x" .. digits, "", hex)
  end
  local value = number_of(hex)
  if field.mask then
    local low = 1
    while field.mask % (2 * low) == 0 do low = 2 * low end
    value = math.floor(value / low) % (math.floor(field.mask / low) + 1)
  end
  if field.kind == "int" and value >= 2147483648 then value = value - 4294967296 end
  local text = string.format("%d", value)
  local label = field.values and (field.values[value] or "Unknown") .. " (" .. text .. ")" or text
  emit(field.abbr, text, field.name .. ": " .. label, hex)
end

local Item = class({})
local function item() return setmetatable({}, Item) end
function Item:add(what, value, text)
  if what.abbr then
    check(registered[what], what.abbr .. " is not registered")
    if getmetatable(value) == Range then show_field(what, value.hex)
    elseif what.kind == "time" then emit(what.abbr, value.text, "", "")
    else emit(what.abbr, type(value) == "number" and string.format("%d", value) or value, "", "") end
  else
    check(getmetatable(what) == Range or what == proto, "a range")
    check(value == nil or type(value) == "string" or what == proto, "a text")
  end
  return item()
end
Item.add_le = Item.add
function Item:set_generated() return self end
function Item:set_len(size) check(size >= 0, "a size") end
function Item:append_text(text) check(type(text) == "string", "a text") end
function Item:add_proto_expert_info(info, ...)
  check(info.code, "an expert info")
  check(select("#", ...) == 0 or type((...)) == "string", "a text")
  emit(info.code, "", "", "")
end

local function maker(kind, size)
  return function(abbr, name, shown, values, mask)
    return { abbr = abbr, name = name or abbr, kind = kind, size = size, values = values, mask = mask }
  end
end
ProtoField = {
  uint8 = maker("uint", 1), uint16 = maker("uint", 2), uint24 = maker("uint", 3), uint32 = maker("uint", 4),
  uint64 = maker("uint", 8), int32 = maker("int", 4), string = maker("string"), bytes = maker("bytes"),
  framenum = maker("uint", 4), relative_time = maker("time"),
  bool = function(abbr, name, width, values, mask)
    return { abbr = abbr, name = name, kind = "uint", size = width / 8, mask = mask }
  end,
}
base = setmetatable({}, { __index = function(_, name) return name end })
frametype = base
expert = { group = base, severity = base }
ProtoExpert = { new = function(code) return { code = code } end }
ByteArray = { new = function() return setmetatable({ hex = "" }, ByteArray_methods) end }
NSTime = { new = function(seconds, nanoseconds)
  check(seconds % 1 == 0 and nanoseconds % 1 == 0, "whole numbers")
  return { text = string.format("%d.%09d", seconds, nanoseconds) }
end }
Proto = function() proto = {} return proto end
DissectorTable = { get = function() return { add = function() end } end }
wtap_encaps = { USER0 = 45 }

dofile(arg[1])
for _, field in ipairs(proto.fields) do registered[field] = true end
proto.init()

local lines = {}
for line in io.lines() do lines[#lines + 1] = line end
for pass = 1, 2 do
  out = pass == 2
  for number, line in ipairs(lines) do
    local time, hex = string.match(line, "^(%S+) (%x*)$")
    if out then io.write("<packet>\n") end
    local pinfo = { number = number, rel_ts = tonumber(time), visited = out, cols = {} }
    proto.dissector(tvb_of(hex), pinfo, item())
    if out then io.write("</packet>\n") end
  end
end
