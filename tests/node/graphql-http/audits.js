// SPDX-License-Identifier: EUPL-1.2
// Runs the server audits of graphql-http against a hub; prints their results as JSON. HUB_URL and HUB_TOKEN in the environment.
import { auditServer } from "graphql-http";

const results = await auditServer({
  url: process.env.HUB_URL,
  fetchFn: (url, options = {}) =>
    fetch(url, { ...options, headers: { ...options.headers, authorization: `Bearer ${process.env.HUB_TOKEN}` } }),
});
console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason }))));
