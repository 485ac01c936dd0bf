-- SPDX-License-Identifier: MIT
-- What wrk sends, and how it tells what came of it:
--   wrk ... -s load.lua URL -- METHOD TARGET [BODY-FILE [CONTENT-TYPE]]
-- {n} in target and body becomes 0000, 0001, ... 0999, in turn. Requests are made beforehand, so
-- that the client costs as little as it can. With LOAD_RATE in the environment, so many requests
-- a second begin, each at its own time, whatever became of those before; without, each
-- connection sends the next one as soon as it has an answer.

local keys = 1000

local function read_file(path)
	local file = assert(io.open(path, "rb"))
	local text = file:read("*a")

	file:close()
	return text
end

local function numbered(text, n)
	return text and text:gsub("{n}", function() return string.format("%04d", n) end)
end

function init(args)
	local method, target, body = args[1], args[2], args[3] and read_file(args[3])
	local made, next_one = {}, 0

	wrk.headers["Content-Type"] = args[4]
	for n = 0, keys - 1 do
		made[n + 1] = wrk.format(method, numbered(target, n), nil, (numbered(body, n)))
	end
	if made[1] == made[2] then
		wrk.method, wrk.path, wrk.body = method, target, body
		return
	end
	request = function()
		next_one = next_one % keys + 1
		return made[next_one]
	end
end

-- Milliseconds of a clock that only goes forward.
local function make_clock()
	local ffi = require("ffi")

	ffi.cdef("typedef struct { long s, ns; } load_time; int clock_gettime(int, load_time *);")
	local now = ffi.new("load_time")
	return function()
		ffi.C.clock_gettime(1, now)
		return tonumber(now.s) * 1e3 + tonumber(now.ns) / 1e6
	end
end

-- wrk asks before each request of a connection how long to wait. The connections share one list of
-- times: each takes the next one. Where all are late, the rate is not held, and the result tells.
local rate = tonumber(os.getenv("LOAD_RATE"))
if rate then
	local clock, start, taken = make_clock(), nil, 0

	delay = function()
		local now = clock()

		start = start or now
		taken = taken + 1
		return math.max(0, math.floor(start + taken * 1e3 / rate - now + 0.5))
	end
end

-- RESULT requests, microseconds they took, p50 and p99 in microseconds, errors
function done(summary, latency)
	local e = summary.errors

	io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration,
		latency:percentile(50), latency:percentile(99),
		e.connect + e.read + e.write + e.status + e.timeout))
end
