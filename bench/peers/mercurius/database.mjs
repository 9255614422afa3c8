// SPDX-License-Identifier: EUPL-1.2
// One pool, every statement prepared under its name; dates stay the text PostgreSQL wrote, no Date is made of them.
import { createHash } from "node:crypto";
import pg from "pg";

const { DATE, TIMESTAMPTZ } = pg.types.builtins;
pg.types.setTypeParser(DATE, (text) => text);
pg.types.setTypeParser(TIMESTAMPTZ, (text) => `${text.replace(" ", "T")}:00`);

const pool = new pg.Pool({ max: 8, idleTimeoutMillis: 0 });

// The first row, or null.
export function single(name, text) {
  return async (...values) => (await pool.query({ name, text, values })).rows[0] ?? null;
}

// Up to `first` rows of a statement whose last parameter is its limit, and whether more follow.
export function page(name, text) {
  return async (first, ...values) => {
    const { rows } = await pool.query({ name, text, values: [...values, first + 1] });
    const more = rows.length > first;
    if (more) rows.pop();
    return { rows, more };
  };
}

// A loader: the rows of all objects' keys in one statement, grouped by the column `key`. `second` reads its second
// parameter from the field's arguments, which are the same for every object of one field.
export function batch(name, of, text, finish, second) {
  return async (queries) => {
    const values = [[...new Set(queries.map(({ obj }) => of(obj)))]];
    if (second) values.push(second(queries[0].params));
    const { rows } = await pool.query({ name, text, values });
    const groups = new Map();
    for (const row of rows) {
      const group = groups.get(row.key);
      if (group) group.push(row);
      else groups.set(row.key, [row]);
    }
    return queries.map(({ obj }) => finish(groups.get(of(obj))));
  };
}

const RECORD = `
WITH person AS (
  SELECT b.id, b.household_id, b.fiscal_code, h.inps_protocol, h.measure
  FROM beneficiary b JOIN household h ON h.id = b.household_id WHERE b.fiscal_code = $3
), claimed AS (
  INSERT INTO idempotency_key (agency_id, operation, key, input_hash, result_id)
  SELECT $1::uuid, 'recordConditionalityEvent', $2, $4, uuidv7() FROM person RETURNING result_id
), recorded AS (
  INSERT INTO conditionality_event (id, type, occurred_at, agency_id, beneficiary_id, household_id, fiscal_code,
                                    inps_protocol, measure, note)
  SELECT claimed.result_id, $5, $6::timestamptz, $1::uuid, p.id, p.household_id, p.fiscal_code, p.inps_protocol, p.measure, $7
  FROM claimed, person p RETURNING *
), queued AS (
  INSERT INTO outbox_message (topic, subject_id) SELECT 'feed', recorded.id FROM recorded
)
SELECT id, type, occurred_at AS "occurredAt", recorded_at AS "recordedAt", note FROM recorded`;

const record = single("record", RECORD);

// Records an event: the rows the hub leaves, in one statement. A key that was used fails; the first answer is not given again.
export function write({ agencyId, idempotencyKey, fiscalCode, type, occurredAt, note }) {
  const hash = createHash("sha256").update(JSON.stringify([fiscalCode, type, occurredAt, note])).digest();
  return record(agencyId, idempotencyKey, fiscalCode, hash, type, occurredAt, note);
}
