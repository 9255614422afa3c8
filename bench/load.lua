-- SPDX-License-Identifier: EUPL-1.2
-- wrk's script: the file's first line is the voucher, the second what no other run begins a fresh key with, each further line a
-- body; they are sent in turn. Over the 32 @ of a body a key is written that was never sent.
local mark = string.rep("@", 32)
local ready, at, sent, run = {}, 0, 0, ""

function init(args)
  local line = io.lines(args[1])
  local headers = {
    ["Content-Type"] = "application/json",
    ["Accept"] = "application/graphql-response+json, application/json",
    ["Authorization"] = "Bearer " .. line(),
  }
  run = line()
  for body in line do
    local text = wrk.format("POST", "/graphql", headers, body)
    local first, last = text:find(mark, 1, true)
    ready[#ready + 1] = first and { text:sub(1, first - 1), text:sub(last + 1) } or text
  end
end

function request()
  at = at % #ready + 1
  local one = ready[at]
  if type(one) == "string" then
    return one
  end
  sent = sent + 1
  return one[1] .. run .. string.format("%016d", sent) .. one[2]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("MEASURED %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
