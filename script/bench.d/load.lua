-- SPDX-License-Identifier: MIT
-- What wrk sends, and how it tells what came of it:
--   wrk ... -s load.lua URL -- METHOD TARGET [BODY-FILE [CONTENT-TYPE]]
-- {n} in target and body becomes 0000, 0001, ... 0999, in turn. Requests are made beforehand, so
-- that the client costs as little as it can.

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

-- RESULT requests, microseconds they took, p50 and p99 in microseconds, errors
function done(summary, latency)
	local e = summary.errors

	io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration,
		latency:percentile(50), latency:percentile(99),
		e.connect + e.read + e.write + e.status + e.timeout))
end
