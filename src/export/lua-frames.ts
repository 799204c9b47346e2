/** The part of the dissector that reassembles messages and matches replies with requests, by RM's rules. */
export const luaFrames = `
-- State of a capture: for each sender and receiver the message in progress and the requests without reply.
local streams = {}
-- What the first pass found out about each packet, by packet number; later passes come in any order.
local seen = {}

local function stream(from, to)
  local key = from * 65536 + to
  if streams[key] == nil then streams[key] = { waiting = {} } end
  return streams[key]
end

local function abandon(own)
  for _, part in ipairs(own.parts or {}) do part.incomplete = true end
  own.parts = nil
end

-- A whole message: links a reply to its request, and notes a request until its reply comes.
local function complete(info, header, size, byte_at)
  info.kind = "message"
  info.size = size
  local declared = messages[header.id] or {}
  if header.type == 2 then
    local requests = stream(header.to, header.from).waiting
    local request = requests[header.seq]
    if request and request.id == header.id then
      requests[header.seq] = nil
      request.info.reply = info
      info.request = request.info
      info.choice = request.choice
    end
  elseif header.type == 1 then
    local requests = stream(header.from, header.to).waiting
    local known = requests[header.seq]
    if known and known.id == header.id then
      info.duplicate = known.info
    else
      local choice
      local place = declared.reply and declared.reply.choice
      if place and size >= place + 1 then choice = byte_at(place) end
      requests[header.seq] = { id = header.id, info = info, choice = choice }
    end
  end
end

-- First pass over a packet; payload is [start, stop) of the Tvb.
local function advance(info, header, tvb, start, stop)
  local own = stream(header.from, header.to)
  local size = stop - start
  if header.type ~= 0 then
    abandon(own)
    if header.fragments == 0 then
      complete(info, header, size, function(at) return tvb:range(start + at, 1):uint() end)
      return
    end
    own.first, own.missing, own.parts, own.bytes = header, header.fragments, { info }, ByteArray.new()
    info.kind, info.index, info.whole = "part", 0, {}
  else
    local first = own.parts and own.first
    if not first or first.fragments ~= header.fragments or first.id ~= header.id or first.seq ~= header.seq then
      info.kind = "stray"
      return
    end
    info.index, info.whole = #own.parts, own.parts[1].whole
    own.parts[#own.parts + 1] = info
    own.missing = own.missing - 1
    info.kind = "part"
  end
  if size > 0 then own.bytes:append(tvb:range(start, size):bytes()) end
  if own.missing > 0 then return end
  local parts, bytes = own.parts, own.bytes
  own.parts = nil
  info.bytes, info.first, info.time = bytes, own.first, parts[1].time
  info.whole.number = info.number
  complete(info, own.first, bytes:len(), function(at) return bytes:get_index(at) end)
end
`;

/** The dissector function and its registration. */
export const luaDissector = `
local function vm_name(vmid)
  local name = vmids[vmid]
  return name and name .. " (" .. vmid .. ")" or "VM " .. vmid
end

-- The layout of a payload, nil when none is public; the second value tells of a reply whose request was not seen.
local function layout_of(header, err, choice)
  local declared = messages[header.id]
  if declared == nil then return nil end
  if header.type == 1 then return declared.request end
  if header.type == 3 then return declared.notification end
  if err ~= 0 then return declared.error_reply end
  local reply = declared.reply
  if reply and reply.cases then
    if choice == nil then return nil, "unseen" end
    return reply.cases[choice], "choice"
  end
  return reply
end

local function dissect_payload(tvb, start, stop, tree, header, info)
  local at = { tvb = tvb, pos = start, stop = stop }
  local err
  if header.type == 2 then
    if not need(at, tree, "error", 4) then return nil end
    err = tvb:range(start, 4):le_uint()
    local item = tree:add_le(error_field, tvb:range(start, 4))
    if err ~= 0 then item:add_proto_expert_info(experts.error) end
    at.pos = start + 4
  end
  local hazard = (hazards_of_empty[header.type] or {})[header.id]
  if hazard and start >= stop then tree:add_proto_expert_info(experts[hazard[1]], hazard[2]) end
  local layout, how = layout_of(header, err, info.choice)
  local rest = true
  if layout ~= nil then
    local payload = tree
    if at.pos < stop then payload = tree:add(tvb:range(at.pos, stop - at.pos), "payload") end
    if walk(at, payload, layout, {}) then
      if at.pos < stop then issue(at, tree, "trailing", (stop - at.pos) .. " bytes behind the declared fields") end
    else rest = at.cut end
  elseif how == "choice" then
    issue(at, tree, "choice", "no layout for what the request asked")
  elseif at.pos < stop then
    issue(at, tree, "unknown", how == "unseen" and "the request that decides on the layout was not seen" or nil)
  end
  if rest and at.pos < stop then tree:add(rest_field, tvb:range(at.pos, stop - at.pos)) end
  return err
end

local function generated(tree, made_field, value)
  tree:add(made_field, value):set_generated()
end

local function links(tree, info)
  if info.request then
    generated(tree, request_in, info.request.number)
    generated(tree, latency_field, NSTime.new(math.floor(info.latency / 1e9), info.latency % 1e9))
  end
  if info.reply then generated(tree, reply_in, info.reply.number) end
  if info.duplicate then
    generated(tree, duplicate_of, info.duplicate.number)
    tree:add_proto_expert_info(experts.duplicate)
  end
end

-- Nanoseconds between two packets; packet times reach Lua as seconds in a double.
local function nanoseconds(later, earlier) return math.floor((later - earlier) * 1e9 + 0.5) end

local function dissect_frame(tvb, pinfo, tree)
  local stop = tvb:len()
  if stop < 4 then
    tree:add_proto_expert_info(experts.short, "no room for the two VMIDs")
    return
  end
  local header = { from = tvb:range(0, 2):le_uint(), to = tvb:range(2, 2):le_uint() }
  tree:add_le(from_field, tvb:range(0, 2))
  tree:add_le(to_field, tvb:range(2, 2))
  pinfo.cols.src = vm_name(header.from)
  pinfo.cols.dst = vm_name(header.to)
  local text = vm_name(header.from) .. " -> " .. vm_name(header.to)
  tree:append_text(", " .. text)
  local start = 4 + header_size
  local fault
  if stop < start then fault = "short"
  elseif tvb:range(4, 1):uint() ~= api then fault = "api"
  elseif math.floor(tvb:range(5, 1):uint() / 4) > continuations_max then fault = "fragments" end
  if fault then
    tree:add_proto_expert_info(experts[fault])
    if stop > 4 then tree:add(raw_field, tvb:range(4, stop - 4)) end
    pinfo.cols.info = "malformed (" .. fault .. ")"
    return
  end
  local head = tree:add(tvb:range(4, header_size), "header")
  for _, item in ipairs(header_fields) do head:add_le(item[1], tvb:range(4 + item[2], item[3])) end
  header.type = tvb:range(5, 1):uint() % 4
  header.fragments = math.floor(tvb:range(5, 1):uint() / 4)
  header.seq = tvb:range(6, 2):le_uint()
  header.id = tvb:range(8, 4):le_uint()
  local info = seen[pinfo.number]
  if info == nil then
    info = { number = pinfo.number, time = pinfo.rel_ts }
    seen[pinfo.number] = info
    advance(info, header, tvb, start, stop)
    if info.request then info.latency = nanoseconds(info.time, info.request.time) end
  end
  local name = messages[header.id] and messages[header.id].name or string.format("0x%08x", header.id)
  generated(tree, name_field, name)
  local title = types[header.type] .. "  " .. name .. "  seq " .. header.seq
  if info.kind == "stray" then
    tree:add_proto_expert_info(experts.continuation)
    tree:add(raw_field, tvb:range(4, stop - 4))
    pinfo.cols.info = title .. "  (no message in progress takes it)"
    return
  end
  if info.index then generated(tree, index_field, info.index) end
  if info.kind == "part" then
    if info.whole.number then generated(tree, reassembled_in, info.whole.number) end
    if info.incomplete then tree:add_proto_expert_info(experts.incomplete) end
    if stop > start then tree:add(fragment_field, tvb:range(start, stop - start)) end
    pinfo.cols.info = title .. "  fragment " .. info.index
    return
  end
  if not info.index and stop - 4 > queue_message then
    tree:add_proto_expert_info(experts.size, (stop - 4) .. " bytes, at most " .. queue_message)
  end
  local err
  if info.first then
    header.type, header.fragments = info.first.type, info.first.fragments
    generated(tree, whole_type, header.type)
    title = types[header.type] .. "  " .. name .. "  seq " .. header.seq
    if info.size > 0 then
      local whole = info.bytes:tvb("reassembled payload")
      err = dissect_payload(whole, 0, info.size, tree, header, info)
    else err = dissect_payload(tvb, stop, stop, tree, header, info) end
  else
    generated(tree, whole_type, header.type)
    err = dissect_payload(tvb, start, stop, tree, header, info)
  end
  links(tree, info)
  if err then title = title .. "  " .. (errors[err] or tostring(err)) end
  if info.latency then title = title .. string.format("  %.3f ms", info.latency / 1e6) end
  pinfo.cols.info = title
  tree:append_text(", " .. title)
end

function gunyah_rm.dissector(tvb, pinfo, root)
  pinfo.cols.protocol = "Gunyah RM"
  local tree = root:add(gunyah_rm, tvb:range(0))
  dissect_frame(tvb, pinfo, tree)
  return tvb:len()
end

function gunyah_rm.init()
  streams, seen = {}, {}
end

gunyah_rm.fields = fields
local list = {}
for _, info in pairs(experts) do list[#list + 1] = info end
gunyah_rm.experts = list

-- LINKTYPE_USER0. Packets of LINKTYPE_WIRESHARK_UPPER_PDU name the dissector themselves.
local encaps = rawget(_G, "wtap_encaps") or rawget(_G, "wtap") or {}
DissectorTable.get("wtap_encap"):add(encaps.USER0 or 45, gunyah_rm)
`;
