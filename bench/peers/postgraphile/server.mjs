// SPDX-License-Identifier: EUPL-1.2
// PostGraphile 5 over the hub's tables: the schema is what it makes of them. Its documentation's production setting: one
// pool, prepared statements (its default), no watch, no GraphiQL, no explain, no LISTEN; no pgSettings, so no transaction
// around a query.
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { PgSimplifyInflectionPreset } from "@graphile/simplify-inflection";
import pg from "pg";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { jsonPgSmartTags } from "postgraphile/utils";

const { values } = parseArgs({ options: { port: { type: "string" }, "data-dir": { type: "string" } } });

// What it leaves out unless asked: a relation without an index of exactly its columns. And the function's name without its schema's.
const tags = jsonPgSmartTags({
  version: 1,
  config: {
    constraint: {
      "public.pact.pact_beneficiary_id_household_id_fkey": {
        tags: { foreignFieldName: "pacts", behavior: "+connection +select" },
      },
    },
    procedure: { "peers.record_conditionality_event": { tags: { name: "record_conditionality_event" } } },
  },
});

const instance = postgraphile({
  extends: [PostGraphileAmberPreset, PgSimplifyInflectionPreset],
  plugins: [tags],
  pgServices: [
    makePgService({
      pool: new pg.Pool({ max: 8, idleTimeoutMillis: 0 }),
      schemas: ["public", "peers"],
      pubsub: false,
    }),
  ],
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
  grafast: { explain: false },
});
const server = createServer({ keepAliveTimeout: 60_000 });
server.on("error", (error) => console.error(error));
await instance.createServ(grafserv).addTo(server);
server.listen(Number(values.port), "127.0.0.1");

process.on("SIGTERM", () => process.exit(0));
