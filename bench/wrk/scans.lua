-- Each request: one door scans the next ticket, each ticket once. Arguments: codes (a file, a code a line), checkpoint, token.
local directory = debug.getinfo(1, "S").source:match("^@(.*/)")
local common = dofile(directory .. "common.lua")
local codes, before, headers = {}, nil, nil
local at = 0

function init(args)
  local given = common.arguments(args)
  math.randomseed(os.time())
  for line in io.lines(given.codes) do codes[#codes + 1] = line end
  before = '","checkpoint_id":"' .. given.checkpoint .. '","code":"'
  headers = { Authorization = "Bearer " .. given.token }
end

function request()
  at = at % #codes + 1
  return common.request("POST", "/api/gate/scans", '{"scan_id":"' .. common.uuid() .. before .. codes[at] .. '"}', headers)
end

function done(summary, latency) common.done(summary, latency) end
