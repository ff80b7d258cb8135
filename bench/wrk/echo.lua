-- The bare server: the same bytes in as a hold sends, a constant out.
local directory = debug.getinfo(1, "S").source:match("^@(.*/)")
local common = dofile(directory .. "common.lua")
local body = string.rep("x", 260)

function request() return common.request("PUT", "/api/shop/holds/" .. common.uuid(), body, { ["X-Forwarded-For"] = common.address() }) end
function done(summary, latency) common.done(summary, latency) end
