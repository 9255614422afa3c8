# SPDX-License-Identifier: EUPL-1.2
"""INPS's ISEE over real HTTP: what it answers to whom, what trouble becomes, and that tampering is refused for its own reason."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from connectors.breaker import BreakerPolicy
from connectors.exchange import Policy
from connectors.isee import IndicatorKind, IrregularityKind, Office
from connectors.isee.questions import ask_attestation
from connectors.pdnd import EServiceAccess, Operator
from connectors.simulators.demo_world import ROME_PROTOCOL
from connectors.simulators.faults import EVERY, Fault, FaultKind
from connectors.simulators.isee import OPERATION, PATH
from connectors.simulators.registry import ISEE_AUDIENCE
from connectors.soap import CONTENT_TYPE, write_envelope
from hub.errors import UpstreamError, UpstreamInvalid, UpstreamRefused, UpstreamUnavailable
from tests.flows.connectors.conftest import OFFICE, TODAY, World

ONCE = Policy(attempts=1, attempt_timeout=5, deadline=10)
QUICK = Policy(attempts=1, attempt_timeout=0.2, deadline=1)


def codes(world: World, protocol: str = ROME_PROTOCOL) -> list[str]:
    return [one.fiscal_code for one in world.demo.household(protocol).people]


async def test_an_attestation_of_the_household(world: World, operator: Operator) -> None:
    asked = codes(world)
    read = await world.isee_connector().attestation(asked, operator, TODAY)
    assert read is not None
    declared = world.demo.isee.by_code[asked[0]]
    assert (read.protocol, read.presented_on, read.valid_until) == (
        declared.protocol,
        declared.presented_on,
        declared.valid_until,
    )
    assert read.ordinary is not None
    assert (read.ordinary.isee, read.ordinary.scale) == (declared.isee, declared.scale)
    assert read.members == tuple(asked)
    assert {one.fiscal_code: one.isee for one in read.minors} == {
        code: declared.isee if own is None else own for code, own in declared.minors.items()
    }
    assert world.isee.operators == [("ConsultazioneAttestazione", "op-4711")]
    assert world.isee.refusals == []


async def test_irregularities_and_a_current_one_are_kept(world: World, operator: Operator) -> None:
    connector = world.isee_connector()
    told = {}
    for household in world.demo.households:
        first = household.people[0].fiscal_code
        if first in world.demo.isee.by_code:
            told[first] = await connector.attestation([first], operator, TODAY)
    declared = {code: world.demo.isee.by_code[code] for code in told}
    assert {code for code, one in told.items() if one is not None and one.is_current} == {
        code for code, one in declared.items() if one.is_current
    }
    kinds = {one.kind for read in told.values() if read is not None for one in read.irregularities}
    assert kinds == set(IrregularityKind)
    assert any(one is not None and not one.irregularities for one in told.values())


async def test_a_household_that_declared_nothing_has_none(world: World, operator: Operator) -> None:
    first = next(
        one.people[0].fiscal_code
        for one in world.demo.households
        if one.people[0].fiscal_code not in world.demo.isee.by_code
    )
    connector = world.isee_connector()
    assert await connector.attestation([first], operator, TODAY) is None
    assert await connector.indicator(IndicatorKind.ORDINARY, first, operator, TODAY) is None
    assert await connector.standing("SNOD01", [first], operator, TODAY) is None


async def test_one_that_holds_no_longer_is_none(world: World, operator: Operator) -> None:
    assert await world.isee_connector().attestation(codes(world), operator, TODAY.replace(year=2027)) is None


async def test_an_indicator_and_a_standing(world: World, operator: Operator) -> None:
    asked = codes(world)
    declared = world.demo.isee.by_code[asked[0]]
    connector = world.isee_connector()
    read = await connector.indicator(IndicatorKind.ORDINARY, asked[1], operator, TODAY)
    assert read is not None
    assert (read.values.isee, read.protocol) == (declared.isee, declared.protocol)
    assert await connector.indicator(IndicatorKind.UNIVERSITY, asked[1], operator, TODAY) is None
    standing = await connector.standing("SNOD01", [asked[0]], operator, TODAY)
    assert standing is not None
    assert (standing.is_below, standing.members) == (declared.isee <= Decimal(10_140), ())
    world.demo.isee.thresholds["SNOD01"] = declared.isee - Decimal("0.01")
    above = await connector.standing("SNOD01", [asked[0]], operator, TODAY, with_members=True)
    assert above is not None
    assert (above.is_below, above.members) == (False, tuple(asked))
    with pytest.raises(UpstreamRefused) as refused:
        await connector.standing("NONE01", [asked[0]], operator, TODAY)
    assert refused.value.extensions["outcome"] == "RICHIESTA_INVALIDA"
    with pytest.raises(ValueError, match="threshold"):
        await connector.standing("10140", [asked[0]], operator, TODAY)


async def test_a_code_inps_cannot_carry_is_never_sent(world: World, operator: Operator) -> None:
    connector = world.isee_connector()
    for call in (
        connector.attestation(["RSSMRAUMA01H501A"], operator, TODAY),
        connector.indicator(IndicatorKind.ORDINARY, "RSSMRAUMA01H501A", operator, TODAY),
        connector.standing("SNOD01", ["RSSMRAUMA01H501A"], operator, TODAY),
    ):
        with pytest.raises(UpstreamRefused):
            await call
    assert world.isee.faults.calls(OPERATION) == 0


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        ("DATABASE_OFFLINE", UpstreamUnavailable),
        ("ERRORE_INTERNO", UpstreamUnavailable),
        ("RICHIESTA_INVALIDA", UpstreamRefused),
        ("RISCONTRO_NON_VALIDO", UpstreamRefused),
        ("OK", UpstreamInvalid),
        ("ALTRO", UpstreamInvalid),
    ],
)
async def test_an_outcome_is_an_error_of_its_kind(
    world: World, operator: Operator, outcome: str, error: type[UpstreamError]
) -> None:
    world.isee.outcome = outcome
    with capture_logs() as logs, pytest.raises(error) as raised:
        await world.isee_connector().attestation(codes(world), operator, TODAY)
    assert raised.value.agency == "INPS"
    assert [one["event"] for one in logs].count("answer.invalid") == (error is UpstreamInvalid)
    tried = 3 if error is UpstreamUnavailable else 1
    assert world.isee.faults.calls(OPERATION) == tried, "what INPS cannot do now is asked again"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(FaultKind.SOAP_FAULT), UpstreamUnavailable),
        (Fault(FaultKind.ERROR), UpstreamUnavailable),
        (Fault(FaultKind.UNAVAILABLE), UpstreamUnavailable),
        (Fault(FaultKind.OVER_LIMIT, retry_after=30), UpstreamUnavailable),
        (Fault(FaultKind.DROP), UpstreamUnavailable),
        (Fault(FaultKind.HANG), UpstreamUnavailable),
        (Fault(FaultKind.HTML), UpstreamInvalid),
        (Fault(FaultKind.WRONG_TYPE), UpstreamInvalid),
        (Fault(FaultKind.TRUNCATED), UpstreamInvalid),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Fault) else "",
)
async def test_trouble_is_an_error_of_its_kind(
    world: World, operator: Operator, fault: Fault, error: type[UpstreamError]
) -> None:
    world.isee.faults.set(EVERY, fault)
    policy = QUICK if fault.kind is FaultKind.HANG else ONCE
    with pytest.raises(error) as raised:
        await world.isee_connector(policy).attestation(codes(world), operator, TODAY)
    assert codes(world)[0] not in str(raised.value)
    world.isee.faults.clear()
    assert await world.isee_connector().attestation(codes(world), operator, TODAY)


async def test_the_breaker_opens_at_failures_and_not_at_refusals(world: World, operator: Operator) -> None:
    fragile = Policy(attempts=1, breaker=BreakerPolicy(least_calls=3, open_for=60, trials=1))
    stranger = world.isee_connector(fragile, office=Office("NOBODY", "000000"))
    for _ in range(5):
        with pytest.raises(UpstreamRefused):
            await stranger.attestation(codes(world), operator, TODAY)
    assert world.isee.refusals == ["Identity is nobody INPS knows"] * 5
    connector = world.isee_connector(fragile)
    world.isee.faults.set(EVERY, Fault(FaultKind.SOAP_FAULT))
    for _ in range(3):
        with pytest.raises(UpstreamUnavailable):
            await connector.attestation(codes(world), operator, TODAY)
    world.isee.faults.clear()
    called = world.isee.faults.calls(OPERATION)
    with pytest.raises(UpstreamUnavailable, match="failed too often"):
        await connector.attestation(codes(world), operator, TODAY)
    assert world.isee.faults.calls(OPERATION) == called, "an open breaker asks nobody"
    world.skipped += 61
    assert await connector.attestation(codes(world), operator, TODAY)


async def test_a_voucher_that_ended_is_not_used_again(world: World, operator: Operator) -> None:
    connector = world.isee_connector()
    assert await connector.attestation(codes(world), operator, TODAY)
    world.clock.now += 100_000
    assert await connector.attestation(codes(world), operator, TODAY)
    assert world.isee.refusals == []


# ── tampering ─────────────────────────────────────────────────────────────────────────────────────────

Headers = dict[str, str]


async def _secured(world: World, operator: Operator, body: bytes) -> Headers:
    access = EServiceAccess(
        world.identity,
        world.passes(),
        purpose_id=world.registry.consumer("hub").purpose_for("isee").purpose_id,
        audiences=[ISEE_AUDIENCE],
        now=world.clock,
    )
    secured = await access.secure(body, operator=operator, content_type=CONTENT_TYPE)
    return {
        **secured.headers,
        "SOAPAction": '"http://inps.it/ConsultazioneISEE/ISvcConsultazione/ConsultazioneAttestazione"',
    }


def _question(world: World) -> bytes:
    return write_envelope(ask_attestation(codes(world)[0], TODAY), (OFFICE.block(),))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda body: body.replace(b"<isee:CodiceFiscale>", b"<isee:CodiceFiscale>x"), "CodiceFiscale"),
        (lambda body: body.replace(b"RicercaCF", b"RicercaAltro"), "RicercaCF"),
        (lambda body: body.replace(b"DataValidita>2026-09-21", b"DataValidita>21.9.2026"), "DataValidita"),
        (lambda body: body.replace(b"ConsultazioneAttestazione", b"ConsultazioneAltro"), "SOAPAction"),
        (lambda body: body.replace(b"UserId", b"Utente"), "UserId is missing"),
        (lambda body: body.replace(b'http://inps.it/"', b'http://altro.it/"'), "Identity"),
        (lambda body: body.replace(b"schemas.xmlsoap.org", b"schemas.altro.org"), "no envelope"),
        (lambda body: body[:-30], "not XML"),
    ],
)
async def test_a_question_that_is_not_conform_is_a_fault_of_the_client(
    world: World, operator: Operator, spoil: Callable[[bytes], bytes], reason: str
) -> None:
    body = spoil(_question(world))
    assert body != _question(world)
    answer = await world.http.post(
        world.urls["isee"] + PATH, content=body, headers=await _secured(world, operator, body)
    )
    assert (answer.status_code, world.isee.refusals) == (500, [reason])
    assert b"s:Client" in answer.content


async def test_a_good_question_is_answered_and_a_bent_one_is_not_let_in(
    world: World, operator: Operator, sockets: SimpleNamespace
) -> None:
    body = _question(world)
    url = world.urls["isee"] + PATH
    headers = await _secured(world, operator, body)
    assert (await world.http.post(url, content=body, headers=headers)).status_code == 200
    for name, status, reason in (
        ("Authorization", 401, "voucher: missing"),
        ("Digest", 400, "digest: missing"),
        ("Agid-JWT-Signature", 400, "signature: missing"),
        ("Agid-JWT-TrackingEvidence", 400, "evidence: missing"),
    ):
        world.isee.refusals.clear()
        bent = {key: one for key, one in (await _secured(world, operator, body)).items() if key != name}
        answer = await world.http.post(url, content=body, headers=bent)
        assert (answer.status_code, world.isee.refusals) == (status, [reason])
    world.isee.refusals.clear()
    another = body.replace(b"2026-09-21", b"2026-09-22")
    answer = await world.http.post(url, content=another, headers=await _secured(world, operator, body))
    assert (answer.status_code, world.isee.refusals) == (400, ["digest: value"])
