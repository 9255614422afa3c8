// SPDX-License-Identifier: EUPL-1.2
// Mercurius with JIT over the hub's tables: resolvers for the roots, a batched loader for each relation, uncached as its
// documentation advises where serialising the keys costs more than it saves.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import Fastify from "fastify";
import mercurius from "mercurius";
import { batch, page, single, write } from "./database.mjs";

const { values } = parseArgs({ options: { port: { type: "string" }, "data-dir": { type: "string" } } });

const PERSON = `b.id, b.fiscal_code AS "fiscalCode", b.given_name AS "givenName", b.family_name AS "familyName",
  b.birth_date AS "birthDate", b.sex, b.employment_status AS "employmentStatus", b.obligation,
  b.household_id AS "householdId", b.municipality_id AS "municipalityId", b.employment_centre_id AS "centreId"`;
const EVENT = `e.id, e.type, e.occurred_at AS "occurredAt", e.recorded_at AS "recordedAt", e.note, e.agency_id AS "agencyId"`;

const beneficiary = single("person", `SELECT ${PERSON} FROM beneficiary b WHERE b.fiscal_code = $1`);
const people = page("people", `SELECT ${PERSON}, b.family_name_key AS "familyKey", b.given_name_key AS "givenKey"
  FROM beneficiary b WHERE b.employment_centre_id = $1 AND (b.family_name_key, b.given_name_key, b.id) > ($2, $3, $4)
  ORDER BY b.family_name_key, b.given_name_key, b.id LIMIT $5`);
const feed = page("feed", `SELECT f.position, e.fiscal_code AS "fiscalCode", e.inps_protocol AS "inpsProtocol", ${EVENT}
  FROM feed_entry f JOIN conditionality_event e ON e.id = f.event_id WHERE f.position > $1 ORDER BY f.position LIMIT $2`);

const START = ["", "", "00000000-0000-0000-0000-000000000000"];

const resolvers = {
  Query: {
    beneficiary: (_, { fiscalCode }) => beneficiary(fiscalCode),
    async beneficiaries(_, { centre, first, after }) {
      const from = after ? JSON.parse(Buffer.from(after, "base64url").toString()) : START;
      const { rows, more } = await people(first, centre, ...from);
      const last = rows.at(-1);
      const end = last && Buffer.from(JSON.stringify([last.familyKey, last.givenKey, last.id])).toString("base64url");
      return { nodes: rows, pageInfo: { hasNextPage: more, endCursor: end } };
    },
    async conditionalityFeed(_, { first, after }) {
      const { rows, more } = await feed(first, after ?? "0");
      const entries = rows.map((row) => ({
        position: Number(row.position),
        fiscalCode: row.fiscalCode,
        inpsProtocol: row.inpsProtocol,
        event: row,
      }));
      return { entries, endCursor: rows.at(-1)?.position ?? after ?? "0", hasMore: more };
    },
  },
  Mutation: {
    async recordConditionalityEvent(_, { input }) {
      return { event: await write(input), userErrors: [] };
    },
  },
};

// A loader of one row, of many rows, by the key `of` reads from the object.
const one = (name, of, sql) => ({ loader: batch(name, of, sql, (rows) => rows?.[0] ?? null), opts: { cache: false } });
const many = (name, of, sql) => ({ loader: batch(name, of, sql, (rows) => rows ?? []), opts: { cache: false } });

const MUNICIPALITY = `SELECT m.id AS key, m.istat_code AS "istatCode", m.name, m.province FROM municipality m WHERE m.id = ANY($1::uuid[])`;

const loaders = {
  Beneficiary: {
    municipality: one("municipality", (it) => it.municipalityId, MUNICIPALITY),
    employmentCentre: one("centre", (it) => it.centreId,
      "SELECT c.id AS key, c.code, c.name FROM employment_centre c WHERE c.id = ANY($1::uuid[])"),
    household: one("household", (it) => it.householdId,
      `SELECT h.id AS key, h.id, h.inps_protocol AS "inpsProtocol", h.measure, h.benefit_id AS "benefitId"
       FROM household h WHERE h.id = ANY($1::uuid[])`),
    pacts: many("pacts", (it) => it.id,
      `SELECT p.beneficiary_id AS key, p.id, p.kind, p.status, p.signed_on AS "signedOn" FROM pact p
       WHERE p.beneficiary_id = ANY($1::uuid[]) ORDER BY p.created_on DESC, p.id DESC`),
    conditionalityEvents: {
      loader: batch("events", (it) => it.id,
        `SELECT o.key, e.* FROM unnest($1::uuid[]) AS o(key) CROSS JOIN LATERAL (SELECT ${EVENT} FROM conditionality_event e
         WHERE e.beneficiary_id = o.key ORDER BY e.occurred_at DESC, e.id DESC LIMIT $2) e`,
        (rows) => ({ nodes: rows ?? [] }), ({ first }) => first),
      opts: { cache: false },
    },
    pucAssignments: many("puc", (it) => it.id,
      `SELECT a.beneficiary_id AS key, a.status, a.weekly_hours AS "weeklyHours", a.starts_on AS "startsOn",
         a.ends_on AS "endsOn", a.puc_project_id AS "projectId" FROM puc_assignment a
       WHERE a.beneficiary_id = ANY($1::uuid[]) ORDER BY a.starts_on DESC, a.id DESC`),
  },
  Household: {
    benefit: one("benefit", (it) => it.benefitId,
      `SELECT b.id AS key, b.status, lower(b.period) AS "startsOn", upper(b.period) - 1 AS "endsOn",
         b.monthly_amount AS "monthlyAmount" FROM benefit b WHERE b.id = ANY($1::uuid[])`),
    members: {
      loader: batch("members", (it) => it.id,
        `SELECT b.household_id AS key, ${PERSON} FROM beneficiary b WHERE b.household_id = ANY($1::uuid[])
         AND b.employment_centre_id = $2 ORDER BY b.birth_date, b.id`,
        (rows) => rows ?? [], ({ centre }) => centre),
      opts: { cache: false },
    },
  },
  Pact: {
    goals: many("goals", (it) => it.id,
      `SELECT g.pact_id AS key, g.ordinal, g.description, g.status, g.due_on AS "dueOn" FROM pact_goal g
       WHERE g.pact_id = ANY($1::uuid[]) ORDER BY g.ordinal`),
  },
  ConditionalityEvent: {
    source: one("source", (it) => it.agencyId, "SELECT a.id AS key, a.code, a.name FROM agency a WHERE a.id = ANY($1::uuid[])"),
  },
  PucAssignment: {
    project: one("project", (it) => it.projectId,
      `SELECT p.id AS key, p.id, p.title, p.field, p.municipality_id AS "municipalityId" FROM puc_project p WHERE p.id = ANY($1::uuid[])`),
  },
  PucProject: { municipality: one("municipality", (it) => it.municipalityId, MUNICIPALITY) },
};

const app = Fastify({ logger: false, keepAliveTimeout: 60_000 });
app.register(mercurius, {
  schema: readFileSync(new URL("./schema.graphql", import.meta.url), "utf8"),
  resolvers,
  loaders,
  jit: 1,
  graphiql: false,
});
await app.listen({ port: Number(values.port), host: "127.0.0.1" });

process.on("SIGTERM", () => process.exit(0));
