-- Each request: a new visitor at some address holds places. Arguments: event, performance, ticket_type, quantity.
local directory = debug.getinfo(1, "S").source:match("^@(.*/)")
local common = dofile(directory .. "common.lua")
local before, between

function init(args)
  local given = common.arguments(args)
  math.randomseed(tonumber(given.seed or os.time()))
  before = '{"event_id":"' .. given.event .. '","visitor_id":"'
  between = '","lines":[{"performance_id":"' .. given.performance .. '","ticket_type_id":"' .. given.ticket_type .. '","quantity":'
    .. (given.quantity or "1") .. "}]}"
end

function request()
  return common.request("PUT", "/api/shop/holds/" .. common.uuid(), before .. common.uuid() .. between, { ["X-Forwarded-For"] = common.address() })
end

function done(summary, latency) common.done(summary, latency) end
