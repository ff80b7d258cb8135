-- The event's page as browsers ask for it; one in `again` of them has it already.
local directory = debug.getinfo(1, "S").source:match("^@(.*/)")
local common = dofile(directory .. "common.lua")
local path, etag, again, made
local accepted = { ["Accept-Encoding"] = "gzip, deflate, br, zstd", ["Accept"] = "text/html,application/xhtml+xml" }

function init(args)
  local arguments = common.arguments(args)
  path, etag, again, made = arguments.path, arguments.etag, tonumber(arguments.again or 0), 0
end

function request()
  made = made + 1
  if again > 0 and made % again == 0 then
    return common.request("GET", path, nil, { ["Accept-Encoding"] = accepted["Accept-Encoding"], ["If-None-Match"] = etag })
  end
  return common.request("GET", path, nil, accepted)
end

function done(summary, latency) common.done(summary, latency) end
