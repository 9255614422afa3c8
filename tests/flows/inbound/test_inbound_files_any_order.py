# SPDX-License-Identifier: EUPL-1.2
"""Any prefix, any repetition, any interleaving of a region's files, in pages of any size, through kills: the tables end the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.file_exchange import FilingRegion, Format
from connectors.file_exchange.folders import LocalFolder
from connectors.inbound import received_files
from connectors.inbound.files import FilesReport, pull_files
from connectors.simulators.filing_agency import FileSender
from hub.errors import ConfigurationError
from hub.store.engine import Database

if TYPE_CHECKING:
    from tests.flows.inbound.conftest import Agencies, Tables

    Look = Callable[[], Awaitable[Tables]]
Clock = Callable[[], datetime]
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

T0 = datetime(2026, 3, 1, 4, tzinfo=UTC)


class Killed(Exception):
    """The test's way to end a run in the middle."""


@contextmanager
def killed_after(pages: int) -> Iterator[None]:
    """Let whoever reads a file be killed once one page more was noted, in the transaction that landed it: the kill takes that page back."""
    left = pages
    noted = received_files.advance

    async def advance(*given: Any) -> None:
        nonlocal left
        await noted(*given)
        left -= 1
        if left < 0:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(received_files, "advance", advance)
        yield


async def pull(
    hub: Database, folder: str, clock: Clock, *, page_size: int = 500, pages: int | None = None
) -> FilesReport:
    """One run; killed after so many pages."""
    region = FilingRegion("regione-12", Format.CSV, folder, {"job_offers": "*.csv"})
    place = LocalFolder(Path(folder), "", region.agency_code)
    with nullcontext() if pages is None else killed_after(pages):
        reports = await pull_files(hub.write, region, place, clock=clock, page_size=page_size)
    return reports[0]


def offer(number: int, version: int, what: dict[str, Any]) -> dict[str, Any]:
    return {
        "idOfferta": f"O-{number}",
        "titolo": f"Offerta {version}",
        "denominazioneAzienda": "Azienda",
        "numOreSettMedie": str(what["hours"]),
        "numPosti": what["places"],
        "codComune": what["place"],
        "dataPubblicazione": "2026-02-01",
        "codStato": what["state"],
        "dataAggiorn": (T0 + timedelta(days=version)).isoformat(),
    }


OFFER = st.fixed_dictionaries(
    {
        "hours": st.sampled_from((20, 36, 61)),
        "places": st.integers(1, 3),
        "place": st.sampled_from(("H501", "E472", "Z999")),
        "state": st.sampled_from(("A", "C", "Q")),
    }
)
OFFERS = st.dictionaries(st.tuples(st.integers(1, 4), st.integers(1, 4)), OFFER, min_size=1, max_size=9)


async def clean(owner: Owner) -> None:
    async with owner.transaction():
        for table in (
            "job_offer",
            "received_file_refusal",
            "received_file",
            "quarantined_record",
            "inbound_run",
        ):
            await owner.execute(f"DELETE FROM {table}")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), told=OFFERS, page_size=st.integers(1, 4))
async def test_any_prefix_repetition_and_interleaving_gives_the_same_tables(
    hub: Database,
    owner: Owner,
    clock: Clock,
    tables: Look,
    data: st.DataObject,
    told: dict[tuple[int, int], dict[str, Any]],
    page_size: int,
) -> None:
    records = [offer(*key, told[key]) for key in sorted(told, key=lambda one: (one[1], one[0]))]
    await clean(owner)
    with TemporaryDirectory() as folder:
        sender = FileSender(Path(folder), Format.CSV)
        sender.send_bytes("all.csv", sender.content("job_offers", records))
        await pull(hub, folder, clock)
    expected = await tables()
    assert len(expected["job_offer"]) + len(expected["quarantined_record"]) > 0

    await clean(owner)
    shuffled = data.draw(st.permutations(records), label="order")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(records)), max_size=3), label="cut into files"))
    parts = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(records)], strict=True)]
    parts.append(records[: data.draw(st.integers(0, len(records)), label="prefix")])
    parts.append(data.draw(st.lists(st.sampled_from(records), max_size=5), label="repeated"))
    arriving = data.draw(
        st.lists(st.tuples(st.integers(0, len(parts) - 1), st.integers(0, 2)), max_size=4), label="arriving"
    )
    with TemporaryDirectory() as folder:
        sender = FileSender(Path(folder), Format.CSV)

        async def run(pages: int | None) -> None:
            try:
                await pull(hub, folder, clock, page_size=page_size, pages=pages)
            except Killed:
                assert pages is not None

        for number, (part, pages) in enumerate(arriving):
            sender.send_bytes(f"early-{number}.csv", sender.content("job_offers", parts[part]))
            await run(pages)
        for number, records_of in enumerate(parts):
            sender.send_bytes(f"{number}.csv", sender.content("job_offers", records_of))
        await run(data.draw(st.integers(0, 3), label="pages before a kill"))
        await run(None)
        assert await tables() == expected
        after = await pull(hub, folder, clock, page_size=page_size)
        assert (after.read, after.repeated, after.run.received) == (0, 0, 0)
    states = await owner.fetch(
        "SELECT state, records, landed + refused AS done, receipted_at FROM received_file"
    )
    assert all(row["state"] in {"READ", "REPEATED"} and row["receipted_at"] is not None for row in states)


async def test_a_run_that_is_killed_goes_on_where_it_was_and_its_receipt_is_of_the_whole(
    hub: Database, owner: Owner, clock: Clock, tmp_path: Path
) -> None:
    what = {"hours": 36, "places": 1, "place": "H501", "state": "A"}
    records = [offer(n, 1, {**what, "state": "Q"} if n in {2, 9} else what) for n in range(1, 11)]
    sender = FileSender(tmp_path, Format.CSV)
    digest = sender.send_bytes("offerte.csv", sender.content("job_offers", records))
    with pytest.raises(Killed):
        await pull(hub, str(tmp_path), clock, page_size=2, pages=2)
    row = await owner.fetchrow("SELECT state, records, landed, refused, receipted_at FROM received_file")
    assert row is not None
    # The third page was noted in its own transaction, which the kill took back.
    assert tuple(row.values()) == ("READING", 4, 3, 1, None)
    report = await pull(hub, str(tmp_path), clock, page_size=3)
    assert (report.read, report.run.received, report.run.landed, report.run.quarantined) == (1, 6, 5, 1)
    about, refused = sender.receipt("offerte.csv", digest)
    assert (about["outcome"], about["records"], about["landed"]) == ("READ", 10, 8)
    assert [(one["line"], one["key"]) for one in refused] == [(3, "O-2"), (10, "O-9")]


async def test_what_was_begun_under_one_name_is_ended_under_another(
    hub: Database, owner: Owner, clock: Clock, tmp_path: Path
) -> None:
    what = {"hours": 36, "places": 1, "place": "H501", "state": "A"}
    records = [offer(n, 1, what) for n in range(1, 6)]
    sender = FileSender(tmp_path, Format.CSV)
    sender.send_bytes("prima.csv", sender.content("job_offers", records))
    with pytest.raises(Killed):
        await pull(hub, str(tmp_path), clock, page_size=2, pages=1)
    for name in ("prima.csv", "prima.csv.sha256"):
        (tmp_path / name).unlink()
    digest = sender.send_bytes("seconda.csv", sender.content("job_offers", records))
    report = await pull(hub, str(tmp_path), clock, page_size=2)
    assert (report.read, report.repeated, report.run.received) == (1, 1, 3)
    rows = await owner.fetch("SELECT name, state, records FROM received_file ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [("prima.csv", "READ", 5), ("seconda.csv", "REPEATED", 0)]
    assert sender.receipt("seconda.csv", digest)[0]["records"] == 5


async def test_two_runs_at_once_land_each_record_once(
    hub: Database, agencies: Agencies, owner: Owner, clock: Clock, tmp_path: Path
) -> None:
    what = {"hours": 36, "places": 1, "place": "H501", "state": "A"}
    sender = FileSender(tmp_path, Format.CSV)
    sender.send_bytes("offerte.csv", sender.content("job_offers", [offer(n, 1, what) for n in range(1, 41)]))
    ended = await asyncio.gather(
        *(pull(hub, str(tmp_path), clock, page_size=1) for _ in range(2)), return_exceptions=True
    )
    assert all(isinstance(one, FilesReport | ConfigurationError) for one in ended), ended
    await pull(hub, str(tmp_path), clock)
    row = await owner.fetchrow("SELECT state, records, landed, refused FROM received_file")
    assert row is not None
    assert tuple(row.values()) == ("READ", 40, 40, 0)
    assert await owner.fetchval("SELECT sum(received) FROM inbound_run") == 40
    assert await owner.fetchval("SELECT count(*) FROM job_offer") == 40
