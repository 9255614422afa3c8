# SPDX-License-Identifier: EUPL-1.2
"""Histories, citizenships and declarations, asked of a simulated ANPR over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import httpx2
import pytest

from connectors.anpr import (
    AnprConnector,
    DeclaredCitizenship,
    DeclaredGenerality,
    DeclaredResidence,
    Lookups,
    NoPurpose,
    SeveralSubjects,
    SubjectDeceased,
    UseCase,
    Verified,
)
from connectors.anpr.declarations import Declaration
from connectors.anpr.questions import question
from connectors.anpr.registry_facts import history_of, kept_citizenship, kept_record, stay_of
from connectors.exchange import Policy
from connectors.pdnd import Operator
from connectors.simulators.faults import Fault, FaultKind
from connectors.simulators.registry import ANPR_AUDIENCES
from hub.errors import UpstreamInvalid, UpstreamUnavailable
from hub.measures.measure import Measure
from hub.measures.parameters import parameters
from hub.measures.registry_check import RegistryOutcome, residence_findings, stay_findings

if TYPE_CHECKING:
    from tests.flows.connectors.conftest import World

GIOVANNI, SERGIO, MARIO, NOBODY = (
    "PRVGNN90R10H501Q",
    "STTSGT90A01H501J",
    "MRARSS80A01H501U",
    "BNCLRA90A41H501X",
)
AGAIN, BACK, NOT_FOUND, HOMELESS, FOREIGN = (
    "BNCLRA80A41H501B",
    "VRDPLA80A41H501P",
    "GLLMRC80A01H501T",
    "FRRLCU80A01H501X",
    "HXHRDN80A01Z100Q",
)
ON = date(2026, 3, 1)
ADI = parameters(Measure.ADI, ON)
TOLD_AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
PROVEN, DISPROVEN, OPEN = RegistryOutcome


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (AGAIN, (PROVEN, PROVEN)),
        (BACK, (PROVEN, PROVEN)),
        (NOT_FOUND, (PROVEN, OPEN)),
        (HOMELESS, (PROVEN, PROVEN)),
        (FOREIGN, (PROVEN, PROVEN)),
        (GIOVANNI, (OPEN, DISPROVEN)),  # ANPR holds no history
    ],
)
async def test_a_history_and_what_it_proves(
    world: World, operator: Operator, code: str, expected: tuple[RegistryOutcome, RegistryOutcome]
) -> None:
    record = await world.connector().personal_record(code, operator)
    assert record is not None
    assert record.operation_id is not None
    found = residence_findings(history_of(kept_record(record), TOLD_AT), ADI, ON)
    assert tuple(finding.outcome for finding in found) == expected
    assert world.anpr.operators == [("C030", "op-4711"), ("C029", "op-4711")]
    assert world.anpr.refusals == world.pdnd.refusals == []


@pytest.mark.parametrize(("code", "value"), [(GIOVANNI, "CITIZEN"), (FOREIGN, "LONG_TERM")])
async def test_a_title_to_stay(world: World, operator: Operator, code: str, value: str) -> None:
    record = await world.connector().citizenship_record(code, operator)
    assert record is not None
    (finding,) = stay_findings(stay_of(kept_citizenship(record), TOLD_AT), ADI, ON)
    assert (finding.outcome, finding.reason.value) == (PROVEN, value)


async def test_who_somebody_is(world: World, operator: Operator) -> None:
    found = await world.connector().generality(GIOVANNI, operator)
    assert found is not None
    assert (found.fiscal_code, found.valid_code, found.family_name, found.birth_date) == (
        GIOVANNI,
        True,
        "PROVA",
        date(1990, 10, 10),
    )


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (DeclaredGenerality(family_name="Prova", given_name="Giovanni"), Verified.YES),
        (DeclaredGenerality(family_name="Prova", birth_date=date(1990, 10, 11)), Verified.NO),
        (DeclaredGenerality(fiscal_code=GIOVANNI), Verified.YES),
        (DeclaredCitizenship("100"), Verified.YES),
        (DeclaredCitizenship("201", "ALBANIA"), Verified.NO),
        (DeclaredResidence("058091", street="DEI TEST", number="10"), Verified.YES),
        (DeclaredResidence("058091", street="DEI TEST", number="11"), Verified.NO),
        (DeclaredResidence("015146"), Verified.NO),
    ],
)
async def test_a_declaration_is_verified(
    world: World, operator: Operator, declared: Declaration, expected: Verified
) -> None:
    found = await world.connector().verify(GIOVANNI, declared, operator)
    assert found is not None
    assert [one.verified for one in found] == [expected]


async def test_who_has_no_fixed_abode_is_resident_where_the_municipality_says(
    world: World, operator: Operator
) -> None:
    found = await world.connector().verify(HOMELESS, DeclaredResidence("058091"), operator)
    assert found is not None
    assert [one.verified for one in found] == [Verified.YES]


async def test_two_declarations_at_once_are_two_questions(world: World, operator: Operator) -> None:
    connector = world.connector()
    italian, albanian = await asyncio.gather(
        connector.verify(GIOVANNI, DeclaredCitizenship("100"), operator),
        connector.verify(GIOVANNI, DeclaredCitizenship("201"), operator),
    )
    assert italian is not None
    assert albanian is not None
    assert (italian[0].verified, albanian[0].verified) == (Verified.YES, Verified.NO)


Asking = Callable[[AnprConnector, str, Operator], Awaitable[object]]
SERVICES: dict[UseCase, Asking] = {
    UseCase.GENERALITY: lambda anpr, code, who: anpr.generality(code, who),
    UseCase.CITIZENSHIP: lambda anpr, code, who: anpr.citizenship_record(code, who),
    UseCase.RECORD: lambda anpr, code, who: anpr.personal_record(code, who),
    UseCase.VERIFY_CITIZENSHIP: lambda anpr, code, who: anpr.verify(code, DeclaredCitizenship("100"), who),
}


@pytest.mark.parametrize("use_case", SERVICES)
async def test_nobody_several_and_the_deceased(world: World, operator: Operator, use_case: UseCase) -> None:
    ask = SERVICES[use_case]
    assert await ask(world.connector(), NOBODY, operator) is None
    with pytest.raises(SeveralSubjects):
        await ask(world.connector(), MARIO, operator)
    assert world.anpr.faults.calls(use_case.value) == 0
    with pytest.raises(SubjectDeceased):
        await ask(world.connector(), SERGIO, operator)


@pytest.mark.parametrize("use_case", SERVICES)
async def test_a_use_case_without_a_purpose_is_refused_by_name_and_nobody_is_looked_up(
    world: World, operator: Operator, use_case: UseCase
) -> None:
    three = dict.fromkeys((UseCase.RESIDENCE, UseCase.FAMILY, UseCase.NATIONAL_ID), world.purpose_id)
    connector = world.connector(purposes=three)
    with pytest.raises(NoPurpose, match=use_case.value) as caught:
        await SERVICES[use_case](connector, GIOVANNI, operator)
    assert caught.value.extensions["operation"] == use_case.value
    assert world.anpr.operators == []
    assert await connector.residence(GIOVANNI, operator) is not None


async def test_fifty_histories_cost_one_voucher(world: World, operator: Operator) -> None:
    connector = world.connector()
    people = [AGAIN, BACK, NOT_FOUND, HOMELESS, FOREIGN] * 10
    found = await asyncio.gather(*(connector.personal_record(one, operator) for one in people))
    assert all(found)
    assert world.pdnd.issued == [world.purpose_id]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(FaultKind.ERROR), UpstreamUnavailable),
        (Fault(FaultKind.OVER_LIMIT, retry_after=30), UpstreamUnavailable),
        (Fault(FaultKind.HTML), UpstreamInvalid),
        (Fault(FaultKind.WRONG_TYPE), UpstreamInvalid),
        (Fault(FaultKind.TRUNCATED), UpstreamInvalid),
        (Fault(FaultKind.DROP), UpstreamUnavailable),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Fault) else value.__name__,
)
@pytest.mark.parametrize("use_case", SERVICES)
async def test_a_fault_of_each_service(
    world: World, operator: Operator, use_case: UseCase, fault: Fault, error: type[Exception]
) -> None:
    world.anpr.faults.set(use_case.value, fault)
    with pytest.raises(error):
        await SERVICES[use_case](world.connector(Policy(attempts=1)), GIOVANNI, operator)


async def test_an_answer_larger_than_the_cap_is_not_read(world: World, operator: Operator) -> None:
    policy = Policy(max_bytes=300)
    connector = world.connector(policy)
    known = await world.connector().national_id(BACK, operator)
    assert known is not None
    with pytest.raises(UpstreamInvalid, match="more than 300 bytes"):
        await connector.personal_record(BACK, operator, lookups=Lookups({BACK: known}))


@pytest.mark.parametrize("use_case", UseCase)
async def test_each_service_takes_no_signature_for_another(
    world: World, operator: Operator, use_case: UseCase
) -> None:
    """The audience of the signature is the service's own, though all share a voucher."""
    other = UseCase.FAMILY if use_case is not UseCase.FAMILY else UseCase.RESIDENCE
    declared = DeclaredCitizenship("100").content() if use_case.verifies else None
    body = question(
        use_case,
        operation_id="1",
        reason="prova",
        as_of=ON,
        id_anpr="UK79569LF",
        declared=declared,
    )

    async def send(audience: str) -> httpx2.Response:
        secured = await world.access().secure(
            body, operator=operator, content_encoding="UTF-8", audience=audience
        )
        address = use_case.url(world.urls["anpr"])
        return await world.http.post(address, headers=secured.headers, content=body)

    answer = await send(ANPR_AUDIENCES[other.value])
    assert answer.status_code == 400
    assert world.anpr.refusals == ["signature: aud"]
    assert world.anpr.operators == []
