# SPDX-License-Identifier: EUPL-1.2
"""Any prefix, any repetition, any order of a flow, in pages of any size: the tables end the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.inbound import pull_admitted_households
from hub.store.engine import Database

if TYPE_CHECKING:
    from tests.flows.inbound.conftest import ScriptedInps, Tables

    Look = Callable[[], Awaitable[Tables]]
    Scripted = type[ScriptedInps]
Clock = Callable[[], datetime]
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Entry = dict[str, Any]

PEOPLE = ("RSSMRA80A01H501U", "BNCLRA85B41F205D", "VRDGPP62D15L219B", "NRELCU00E20E472L")
PLACES = ("H501", "E472", "L219")
T0 = datetime(2026, 3, 1, 4, tzinfo=UTC)


def check_letters(codes: tuple[str, ...]) -> tuple[str, ...]:
    from hub.store.fiscal_code import check_letter

    return tuple(code[:15] + check_letter(code[:15]) for code in codes)


CODES = check_letters(PEOPLE)


def entry(protocol: int, version: int, what: Entry) -> Entry:
    """One report; `what` says which members, where, how much, from when to when, and what is wrong with it."""
    reported = (T0 + timedelta(days=version)).isoformat()
    codes = [CODES[i] for i in what["members"]]
    if what["wrong"] == "code":
        codes[-1] = codes[-1][:15] + chr((ord(codes[-1][15]) - 64) % 26 + 65)
    shared = {
        "cod_protocollo_inps": f"P-{protocol}",
        "cod_fiscale_richiedente": codes[0],
        "cod_stato": what["state"],
        "dtt_rendicontazione": reported,
    }
    return {
        "cod_protocollo_inps": f"P-{protocol}",
        "tipo_domanda": what["measure"],
        "beneficio": {
            "importo_mensile": "-1.00" if what["wrong"] == "amount" else f"{what['amount']}.50",
            "dtt_inizio": f"2026-{what['start']:02d}-01",
            "dtt_fine": None if what["months"] == 0 else f"2026-{what['start'] + what['months']:02d}-15",
        },
        "beneficiari": [
            {
                **shared,
                "cod_fiscale": code,
                "cod_ruolo_beneficiario": what["role"],
                "des_cognome": f"Cognome{version}",
                "des_nome": f"Nome{protocol}",
                "cod_sesso": "F",
                "cod_comune_residenza": "Z999" if what["wrong"] == "place" else what["place"],
                "dtt_nascita": "1980-01-01",
            }
            for code in codes
        ],
    }


REPORT = st.fixed_dictionaries(
    {
        "members": st.lists(st.integers(0, len(CODES) - 1), min_size=1, max_size=3, unique=True),
        "measure": st.sampled_from(("ADI", "SFL")),
        "state": st.sampled_from(("EROGATO", "SOSPESO", "DECADUTO")),
        "amount": st.integers(0, 900),
        "start": st.integers(1, 6),
        "months": st.integers(0, 4),
        "place": st.sampled_from(PLACES),
        "role": st.sampled_from(("PL", "ESO")),
        "wrong": st.sampled_from((None, None, None, None, "code", "amount", "place")),
    }
)
REPORTS = st.dictionaries(st.tuples(st.integers(1, 3), st.integers(1, 5)), REPORT, min_size=1, max_size=9)


async def clean(owner: Owner) -> None:
    """The tables as before the first run."""
    async with owner.transaction():
        for table in (
            "agency_answer",
            "beneficiary",
            "benefit",
            "household",
            "quarantined_record",
            "inbound_run",
        ):
            await owner.execute(f"DELETE FROM {table}")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), reports=REPORTS, page_size=st.integers(1, 5))
async def test_any_prefix_repetition_and_order_gives_the_same_tables(
    hub: Database,
    owner: Owner,
    clock: Clock,
    tables: Look,
    scripted: Scripted,
    data: st.DataObject,
    reports: dict[tuple[int, int], Entry],
    page_size: int,
) -> None:
    flow = [
        entry(protocol, version, reports[protocol, version])
        for protocol, version in sorted(reports, key=lambda key: (key[1], key[0]))
    ]
    await clean(owner)
    await pull_admitted_households(hub.write, scripted(flow), clock=clock)  # type: ignore[arg-type]
    expected = await tables()
    assert len(expected["household"]) + len(expected["quarantined_record"]) > 0

    await clean(owner)
    delivered = data.draw(st.permutations(flow), label="order")
    delivered = delivered + data.draw(st.lists(st.sampled_from(flow), max_size=6), label="repeated")
    delivered = delivered + flow[: data.draw(st.integers(0, len(flow)), label="prefix")]
    cut = data.draw(st.integers(0, len(delivered)), label="cut into two runs")
    inps = scripted(delivered[:cut])
    await pull_admitted_households(hub.write, inps, clock=clock, page_size=page_size)  # type: ignore[arg-type]
    inps.entries = delivered
    await pull_admitted_households(hub.write, inps, clock=clock, page_size=page_size)  # type: ignore[arg-type]
    assert await tables() == expected


async def test_a_person_moves_to_the_household_of_the_latest_report_that_names_them(
    hub: Database, clock: Clock, tables: Look, scripted: Scripted
) -> None:
    what: Entry = {
        "members": [0, 1],
        "measure": "ADI",
        "state": "EROGATO",
        "amount": 500,
        "start": 1,
        "months": 0,
        "place": "H501",
        "role": "PL",
        "wrong": None,
    }
    left = entry(1, 3, {**what, "members": [0]})
    inps = scripted([entry(1, 1, what), entry(2, 2, {**what, "members": [1], "place": "L219"}), left])
    await pull_admitted_households(hub.write, inps, clock=clock)  # type: ignore[arg-type]
    homes = {row[0]: (row[5], row[6]) for row in (await tables())["beneficiary"]}
    assert homes == {CODES[0]: ("P-1", "H501"), CODES[1]: ("P-2", "L219")}


WHAT: Entry = {
    "members": [0, 1],
    "measure": "ADI",
    "state": "EROGATO",
    "amount": 500,
    "start": 1,
    "months": 0,
    "place": "H501",
    "role": "PL",
    "wrong": None,
}


async def applicants(look: Look) -> dict[str, str | None]:
    """The fiscal code of each household's applicant, by protocol."""
    return {row[0]: row[-1] for row in (await look())["household"]}


async def test_the_applicant_is_whom_the_latest_report_names(
    hub: Database, clock: Clock, tables: Look, scripted: Scripted
) -> None:
    first, other = entry(1, 1, WHAT), entry(1, 3, {**WHAT, "members": [1, 0]})
    for delivered, applicant in (([first], 0), ([first, other], 1), ([first, other, first], 1)):
        inps = scripted(delivered)
        await pull_admitted_households(hub.write, inps, clock=clock, page_size=1)  # type: ignore[arg-type]
        assert await applicants(tables) == {"P-1": CODES[applicant]}


async def test_an_applicant_who_is_reported_elsewhere_is_that_households(
    hub: Database, clock: Clock, tables: Look, scripted: Scripted
) -> None:
    inps = scripted([entry(1, 1, WHAT), entry(2, 2, {**WHAT, "members": [0, 2]})])
    await pull_admitted_households(hub.write, inps, clock=clock, page_size=1)  # type: ignore[arg-type]
    assert await applicants(tables) == {"P-1": None, "P-2": CODES[0]}
    inps.entries.append(inps.entries[0])
    await pull_admitted_households(hub.write, inps, clock=clock)  # type: ignore[arg-type]
    assert await applicants(tables) == {"P-1": None, "P-2": CODES[0]}
    # Back again, and the household that is left has none.
    inps.entries.append(entry(1, 3, WHAT))
    await pull_admitted_households(hub.write, inps, clock=clock)  # type: ignore[arg-type]
    assert await applicants(tables) == {"P-1": CODES[0], "P-2": None}


async def test_a_benefit_that_is_reported_anew_keeps_what_was_before_it(
    hub: Database, clock: Clock, owner: Owner, scripted: Scripted
) -> None:
    what: Entry = {
        "members": [0],
        "measure": "ADI",
        "state": "EROGATO",
        "amount": 500,
        "start": 1,
        "months": 0,
        "place": "H501",
        "role": "PL",
        "wrong": None,
    }
    flow = [entry(1, 1, what), entry(1, 2, {**what, "start": 4, "amount": 300, "state": "SOSPESO"})]
    await pull_admitted_households(hub.write, scripted(flow), clock=clock)  # type: ignore[arg-type]
    rows = await owner.fetch(
        "SELECT b.period::text, b.status, b.monthly_amount::text, b.id = h.benefit_id AS current"
        " FROM benefit b JOIN household h ON h.id = b.household_id ORDER BY b.period"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("[2026-01-01,2026-04-01)", "ACTIVE", "500.50", False),
        ("[2026-04-01,)", "SUSPENDED", "300.50", True),
    ]
