-- Whole purchases: a hold of two places, the order on it, and the sandbox gateway's signed callback that says it is paid.
-- Arguments: event, performance, ticket_type, account, secret.
local directory = debug.getinfo(1, "S").source:match("^@(.*/)")
local common = dofile(directory .. "common.lua")
local sign
local hold_before, hold_after, order_before, order_after, callback_path
local held, ordered = {}, {}
local paid = 0

function init(args)
  local given = common.arguments(args)
  math.randomseed(tonumber(given.seed or os.time()))
  sign = dofile(directory .. "sha256.lua").hmac(given.secret)
  hold_before = '{"event_id":"' .. given.event .. '","visitor_id":"'
  hold_after = '","lines":[{"performance_id":"' .. given.performance .. '","ticket_type_id":"' .. given.ticket_type .. '","quantity":2}]}'
  order_before = '{"event_id":"' .. given.event .. '","hold_id":"'
  order_after = '","buyer":{"name":"Julia Ríos","mail":"julia@example.com","document":"30123456"}}'
  callback_path = "/api/payments/callbacks/sandbox/" .. given.account
end

local function callback(reference, amount)
  local now = os.time()
  local payment = "pay_" .. common.uuid():gsub("-", "")
  local body = '{"id":"evt_' .. common.uuid() .. '","type":"payment.updated","sent_at":' .. now .. ',"payment":{"id":"' .. payment
    .. '","merchant":"sbx_bench","reference":"' .. reference .. '","status":"approved","reason":null,"amount_minor":' .. amount
    .. ',"refunded_minor":0,"currency":"ARS","sequence":1,"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}}'
  local signature = "t=" .. now .. ",v1=" .. sign(now .. "." .. body)
  paid = paid + 1
  return common.request("POST", callback_path, body, { ["X-Sandbox-Signature"] = signature })
end

function request()
  local last = #ordered
  if last > 0 then
    local one = ordered[last]
    ordered[last] = nil
    return callback(one[1], one[2])
  end
  last = #held
  if last > 0 then
    local hold = held[last]
    held[last] = nil
    return common.request("PUT", "/api/shop/orders/" .. common.uuid(), order_before .. hold .. order_after)
  end
  return common.request("PUT", "/api/shop/holds/" .. common.uuid(), hold_before .. common.uuid() .. hold_after, { ["X-Forwarded-For"] = common.address() })
end

function response(status, headers, body)
  if status ~= 200 then return end
  local reference = body:match("[?&]reference=([%x-]+)")
  if reference then
    ordered[#ordered + 1] = { reference, body:match("amount_minor=(%d+)") }
    return
  end
  local hold = body:match('^{"hold_id":"([%x-]+)"')
  if hold then held[#held + 1] = hold end
end

function done(summary, latency)
  common.done(summary, latency)
end
