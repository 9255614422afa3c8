# SPDX-License-Identifier: EUPL-1.2
"""The hub asks a simulated ANPR with vouchers of a simulated PDND, over HTTP."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from connectors.anpr import (
    AddressType,
    DeclaredCitizenship,
    DeclaredGenerality,
    DeclaredResidence,
    IdAnpr,
    Lookups,
    SeveralSubjects,
    SubjectDeceased,
    UseCase,
)
from connectors.exchange import Policy
from connectors.pdnd import Operator
from connectors.simulators.anpr import AnprSimulator
from connectors.simulators.faults import Fault, FaultKind
from connectors.simulators.people import PopulationInMemory
from connectors.simulators.registry import ANPR_AUDIENCES, EService, Purpose, Registry, demo_id
from hub.errors import UpstreamInvalid, UpstreamRefused

if TYPE_CHECKING:
    from types import SimpleNamespace

    from tests.flows.connectors.conftest import World

GIOVANNI, CLAUDIA, SERGIO, MARIO = (
    "PRVGNN90R10H501Q",
    "NRECLD90R50H501G",
    "STTSGT90A01H501J",
    "MRARSS80A01H501U",
)
NOBODY = "BNCLRA90A41H501X"


async def test_a_residence(world: World, operator: Operator) -> None:
    found = await world.connector().residence(GIOVANNI, operator)
    assert found is not None
    assert (found.address_type, found.municipality_istat, found.municipality_name, found.province) == (
        AddressType.RESIDENCE,
        "058091",
        "ROMA",
        "RM",
    )
    assert (found.postal_code, found.street, found.number, found.unit, found.since) == (
        "00100",
        "VIA DEI TEST",
        "10/A",
        "interno 3",
        date(2014, 5, 2),
    )
    assert world.anpr.operators == [("C030", "op-4711"), ("C020", "op-4711")]
    assert world.anpr.refusals == world.pdnd.refusals == []


async def test_a_family(world: World, operator: Operator) -> None:
    found = await world.connector().registered_family(CLAUDIA, operator)
    assert found is not None
    assert [(one.fiscal_code, one.relationship, one.position) for one in found] == [
        (GIOVANNI, "1", 1),
        (CLAUDIA, "2", 2),
    ]
    assert [(one.sex, one.since) for one in found] == [("M", None), ("F", date(2015, 6, 1))]


async def test_nobody_of_that_code_is_none(world: World, operator: Operator) -> None:
    assert await world.connector().residence(NOBODY, operator) is None
    assert await world.connector().registered_family(NOBODY, operator) is None
    assert world.anpr.faults.calls("C020") == world.anpr.faults.calls("C021") == 0


async def test_an_id_of_earlier_by_which_nobody_is_found_is_looked_up_anew(
    world: World, operator: Operator
) -> None:
    ids = Lookups({one: IdAnpr("ZZ99999ZZ") for one in (GIOVANNI, NOBODY)})
    found = await world.connector().residence(GIOVANNI, operator, lookups=ids)
    assert found == await world.connector().residence(GIOVANNI, operator)
    assert [use_case for use_case, _ in world.anpr.operators[:3]] == ["C020", "C030", "C020"]
    assert ids.told(GIOVANNI) == IdAnpr("UK79569LF"), "to be kept in its place"
    before = world.anpr.faults.calls("C020")
    assert await world.connector().residence(NOBODY, operator, lookups=ids) is None
    assert world.anpr.faults.calls("C020") == before + 1, (
        "C030 knows nobody: there is nothing to ask again by"
    )


async def test_an_id_of_earlier_to_which_anpr_gives_no_right_answer_is_looked_up_anew(
    world: World, operator: Operator
) -> None:
    """How ANPR answers an id that was replaced is not published: it may be about the new one, which reads as another person's."""
    world.anpr.faults.set("C020", Fault(FaultKind.HTML, times=1))
    ids = Lookups({GIOVANNI: IdAnpr("ZZ99999ZZ")})
    found = await world.connector(Policy(attempts=1)).residence(GIOVANNI, operator, lookups=ids)
    assert found == await world.connector().residence(GIOVANNI, operator)
    assert ids.told(GIOVANNI) == IdAnpr("UK79569LF")


async def test_where_c030_says_the_same_id_the_first_refusal_stands(world: World, operator: Operator) -> None:
    world.anpr.faults.set("C020", Fault(FaultKind.HTML))
    ids = Lookups({GIOVANNI: IdAnpr("UK79569LF")})
    with pytest.raises(UpstreamInvalid):
        await world.connector(Policy(attempts=1)).residence(GIOVANNI, operator, lookups=ids)
    assert (world.anpr.faults.calls("C020"), world.anpr.faults.calls("C030")) == (1, 1)


async def test_an_id_of_earlier_that_holds_is_not_asked_for_again(world: World, operator: Operator) -> None:
    ids = Lookups({GIOVANNI: IdAnpr("UK79569LF")})
    connector = world.connector()
    assert await connector.residence(GIOVANNI, operator, lookups=ids) is not None
    assert await connector.generality(GIOVANNI, operator, lookups=ids) is not None
    assert world.anpr.faults.calls("C030") == 0
    assert ids.told(GIOVANNI) is None, "nothing new was told"


async def test_the_deceased(world: World, operator: Operator) -> None:
    with pytest.raises(SubjectDeceased):
        await world.connector().residence(SERGIO, operator)
    found = await world.connector().registered_family(SERGIO, operator)
    assert found is not None
    assert [(one.fiscal_code, one.deceased_on) for one in found] == [(SERGIO, date(2024, 2, 29))]


async def test_one_code_of_two_people(world: World, operator: Operator) -> None:
    with pytest.raises(SeveralSubjects):
        await world.connector().residence(MARIO, operator)


async def test_a_known_national_id_saves_the_first_call(world: World, operator: Operator) -> None:
    connector = world.connector()
    known = await connector.national_id(GIOVANNI, operator)
    assert known == IdAnpr("UK79569LF")
    assert await connector.residence(GIOVANNI, operator, lookups=Lookups({GIOVANNI: known})) is not None
    assert [use_case for use_case, _ in world.anpr.operators] == ["C030", "C020"]


async def test_fifty_residences_cost_one_voucher(world: World, operator: Operator) -> None:
    connector = world.connector()
    people = [GIOVANNI, CLAUDIA] * 25
    found = await asyncio.gather(*(connector.residence(one, operator) for one in people))
    assert all(found)
    assert world.pdnd.issued == [world.purpose_id]
    assert world.anpr.refusals == []


async def test_the_same_question_of_one_operator_at_once_is_asked_once(
    world: World, operator: Operator
) -> None:
    connector = world.connector()
    await asyncio.gather(*(connector.national_id(GIOVANNI, operator) for _ in range(10)))
    assert world.anpr.operators == [("C030", "op-4711")]


async def test_each_operator_asks_in_their_own_name(world: World, operator: Operator) -> None:
    connector = world.connector()
    other = dataclasses.replace(operator, user_id="op-0815")
    await asyncio.gather(connector.national_id(GIOVANNI, operator), connector.national_id(GIOVANNI, other))
    assert sorted(world.anpr.operators) == [("C030", "op-0815"), ("C030", "op-4711")]
    assert len(world.pdnd.issued) == 2


async def test_a_renewed_voucher_comes_with_a_new_evidence(world: World, operator: Operator) -> None:
    connector = world.connector()
    assert await connector.national_id(GIOVANNI, operator)
    world.clock.now += 700
    assert await connector.national_id(GIOVANNI, operator)
    assert len(world.pdnd.issued) == 2
    assert world.anpr.refusals == []


async def test_an_agency_that_takes_an_evidence_once_gets_a_new_one_each_time(
    world: World, operator: Operator, sockets: SimpleNamespace
) -> None:
    strict = AnprSimulator(
        world.registry, world.keys, world.anpr._population, now=world.clock, single_use_evidence=True
    )
    sockets.anpr.agency = strict.app
    assert await world.connector(reuse=False).residence(GIOVANNI, operator) is not None
    assert len(world.pdnd.issued) == 2
    with pytest.raises(UpstreamRefused):
        await world.connector(reuse=True).residence(GIOVANNI, operator)
    assert strict.refusals == ["evidence: jti"]


async def test_a_pass_that_anpr_rejects_is_replaced_for_the_next_call(
    world: World, operator: Operator
) -> None:
    connector = world.connector()
    assert await connector.national_id(GIOVANNI, operator)
    world.clock.now -= 30  # PDND's clock and ours were ahead of ANPR's: its vouchers are of the future
    with pytest.raises(UpstreamRefused, match="401"):
        await connector.national_id(GIOVANNI, operator)
    assert world.anpr.refusals == ["voucher: iat"]
    assert await connector.national_id(GIOVANNI, operator)
    assert len(world.pdnd.issued) == 2


def apart(registry: Registry) -> Registry:
    """The demo world with ANPR's use cases as PDND's real catalogue has them: an e-service each."""
    eservices: dict[str, EService] = dict(registry.eservices)
    base = eservices.pop("anpr")
    hub = registry.consumer("hub")
    purposes = [one for one in hub.purposes if one.eservice != "anpr"]
    for use_case, audience in ANPR_AUDIENCES.items():
        eservices[use_case] = dataclasses.replace(
            base,
            name=use_case,
            eservice_id=demo_id("eservice", use_case),
            descriptor_id=demo_id("descriptor", use_case),
            audiences=(audience,),
        )
        purposes.append(Purpose(demo_id("purpose", "hub", use_case), use_case))
    consumers = {**registry.consumers, "hub": dataclasses.replace(hub, purposes=tuple(purposes))}
    return dataclasses.replace(
        registry, consumers=MappingProxyType(consumers), eservices=MappingProxyType(eservices)
    )


async def test_an_e_service_with_a_purpose_each(
    world: World, operator: Operator, sockets: SimpleNamespace
) -> None:
    from connectors.simulators.pdnd import PdndSimulator

    registry = apart(world.registry)
    pdnd = PdndSimulator(registry, world.keys, now=world.clock)
    anpr = AnprSimulator(
        registry,
        world.keys,
        PopulationInMemory([world.anpr._population.lookup(GIOVANNI)]),  # type: ignore[list-item]
        eservices={use_case: use_case for use_case in ANPR_AUDIENCES},
        now=world.clock,
    )
    sockets.pdnd.agency, sockets.anpr.agency = pdnd.app, anpr.app
    hub = registry.consumer("hub")
    purposes = {one: hub.purpose_for(one.value).purpose_id for one in UseCase}
    connector = world.connector(purposes=purposes)
    assert await connector.residence(GIOVANNI, operator) is not None
    assert await connector.registered_family(GIOVANNI, operator) is not None
    assert await connector.personal_record(GIOVANNI, operator) is not None
    assert await connector.citizenship_record(GIOVANNI, operator) is not None
    assert await connector.generality(GIOVANNI, operator) is not None
    for declared in (
        DeclaredGenerality(family_name="PROVA"),
        DeclaredCitizenship("100"),
        DeclaredResidence("058091"),
    ):
        assert await connector.verify(GIOVANNI, declared, operator) is not None
    assert sorted(pdnd.issued) == sorted(purposes.values())
    assert anpr.refusals == []
