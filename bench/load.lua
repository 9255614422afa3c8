-- SPDX-License-Identifier: EUPL-1.2
-- wrk's script: the file's first line is the voucher, the second what no other run begins a fresh key with, each further line a
-- body; they are sent in turn. Over the 32 @ of a body a key is written that was never sent, and over the moment after it another.
local mark, moment = string.rep("@", 32), "2026-11-20T09:30:00.000000"
local ready, at, sent, run, began = {}, 0, 0, "", 0

function init(args)
  local line = io.lines(args[1])
  local headers = {
    ["Content-Type"] = "application/json",
    ["Accept"] = "application/graphql-response+json, application/json",
    ["Authorization"] = "Bearer " .. line(),
  }
  run = line()
  began = os.time({ year = 2026, month = 11, day = 1, hour = 0 }) + tonumber(run:sub(1, 7), 16) % (19 * 86400)
  for body in line do
    local text = wrk.format("POST", "/graphql", headers, body)
    local first, last = text:find(mark, 1, true)
    local from, to = text:find(moment, last or 1, true)
    if first and from then
      ready[#ready + 1] = { text:sub(1, first - 1), text:sub(last + 1, from - 1), text:sub(to + 1) }
    else
      ready[#ready + 1] = first and { text:sub(1, first - 1), text:sub(last + 1) } or text
    end
  end
end

function request()
  at = at % #ready + 1
  local one = ready[at]
  if type(one) == "string" then
    return one
  end
  sent = sent + 1
  local key = run .. string.format("%016d", sent)
  if not one[3] then
    return one[1] .. key .. one[2]
  end
  local fact = os.date("!%Y-%m-%dT%H:%M:%S", began + math.floor(sent / 1000000)) .. string.format(".%06d", sent % 1000000)
  return one[1] .. key .. one[2] .. fact .. one[3]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("MEASURED %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
