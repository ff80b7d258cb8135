-- Each request: a callback that was signed beforehand. Arguments: path, file (a line each: signature, a tab, body).
local directory = debug.getinfo(1, "S").source:match("^@(.*/)")
local common = dofile(directory .. "common.lua")
local requests = {}
local sent = 0

function init(args)
  local given = common.arguments(args)
  for line in io.lines(given.file) do
    local signature, body = line:match("^([^\t]+)\t(.*)$")
    requests[#requests + 1] = common.request("POST", given.path, body, { ["X-Sandbox-Signature"] = signature })
  end
end

function request()
  sent = sent + 1
  return requests[(sent - 1) % #requests + 1]
end

function done(summary, latency) common.done(summary, latency) end
