-- What the scripts share: arguments, ids, addresses, and the figures line that bench/load.py reads.
local common = {}

function common.arguments(args)
  local values = {}
  for _, argument in ipairs(args) do
    local name, value = argument:match("^([%w_]+)=(.*)$")
    if name then values[name] = value end
  end
  return values
end

-- Ids that sort by time, as the product's own clients make them (UUIDv7): milliseconds, then random bits.
local milliseconds = os.time() * 1000
local made = 0
function common.uuid()
  made = made + 1
  if made % 16 == 0 then milliseconds = milliseconds + 1 end
  local high = math.floor(milliseconds / 65536)
  return string.format("%08x-%04x-7%03x-%04x-%04x%04x%04x", high, milliseconds % 65536, math.random(0, 4095),
    math.random(32768, 49151), math.random(0, 65535), math.random(0, 65535), math.random(0, 65535))
end

function common.address()
  return string.format("10.%d.%d.%d", math.random(0, 255), math.random(0, 255), math.random(0, 255))
end

function common.request(method, path, body, headers)
  local lines = { method .. " " .. path .. " HTTP/1.1", "Host: localhost" }
  for name, value in pairs(headers or {}) do lines[#lines + 1] = name .. ": " .. value end
  if body then
    lines[#lines + 1] = "Content-Type: application/json"
    lines[#lines + 1] = "Content-Length: " .. #body
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")
end

function common.done(summary, latency)
  local errors = summary.errors
  io.write(string.format("\nfigures requests=%d duration_us=%d p50_us=%d p99_us=%d errors=%d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end

return common
