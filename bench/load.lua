-- SPDX-License-Identifier: EUPL-1.2
-- wrk's script: the file's first line is the voucher, each further line a body; they are sent in turn.
local ready, at = {}, 0

function init(args)
  local line = io.lines(args[1])
  local headers = {
    ["Content-Type"] = "application/json",
    ["Accept"] = "application/graphql-response+json, application/json",
    ["Authorization"] = "Bearer " .. line(),
  }
  for body in line do
    ready[#ready + 1] = wrk.format("POST", "/graphql", headers, body)
  end
end

function request()
  at = at % #ready + 1
  return ready[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("MEASURED %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
