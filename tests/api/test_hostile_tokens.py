# SPDX-License-Identifier: EUPL-1.2
"""The table of hostile tokens against a running hub, over HTTP; and consumers whose voucher holds, but who may not ask."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from connectors.simulators.keys import PDND
from connectors.simulators.pdnd import issue_voucher
from hub.access.refusal import Check
from hub.app import running_hub
from hub.cli.serving import http_server, listen
from tests.unit.access.hostile import HOSTILE
from tests.unit.access.hostile.forge import AUDIENCE, ISSUER, PROOF_LIFE, SKEW, TARGET, Forge, Sent

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Opener, Service

QUERY = {"query": "{ beneficiaries { totalCount } }"}


@pytest.fixture(scope="module")
async def strict(open_hub: Opener) -> AsyncIterator[Service]:
    """A hub that knows its own ids on PDND and takes no voucher without them."""
    ours = open_hub._registry.eservices["hub"]
    async with open_hub(
        "hostile",
        sequencer=False,
        pdnd_issuer=ISSUER,
        audience=AUDIENCE,
        public_url=TARGET,
        producer_id=ours.producer_id,
        eservice_id=ours.eservice_id,
        descriptor_id=ours.descriptor_id,
        require_eservice_claims=True,
        clock_skew=SKEW,
        proof_life=PROOF_LIFE,
        jwks_refresh=3_600,
        failed_authentications_per_minute=100_000,
    ) as service:
        yield service


@pytest.fixture(scope="module")
def others() -> tuple[RSAKey, ECKey]:
    return RSAKey.generate_key(2048), ECKey.generate_key("P-256")


@pytest.fixture
def forge(strict: Service, others: tuple[RSAKey, ECKey]) -> Forge:
    """Signs with the simulated PDND's own key, for the consumer `centre`, as of now."""
    return Forge(
        RSAKey.import_key(strict.keys.path(PDND).read_bytes()),
        strict.keys.kid(PDND),
        *others,
        claims={**claims_of(strict, "centre"), "jti": str(uuid.uuid4())},
        now=time.time(),
    )


def claims_of(service: Service, consumer: str) -> dict[str, Any]:
    part = issue_voucher(service.registry, service.keys, consumer).split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


async def send(service: Service, sent: Sent, **headers: str) -> Answer:
    more = [(name.encode(), value.encode()) for name, value in headers.items()]
    if sent.method == "GET":
        return await service.send("GET", params=QUERY, headers=[*sent.headers(), *more])
    return await service.send(json=QUERY, headers=[*sent.headers(), *more])


def said(answer: Answer) -> dict[str, Any]:
    (error,) = answer.json["errors"]
    found: dict[str, Any] = error["extensions"]
    return found


@pytest.mark.parametrize("name", [name for name, hostile in HOSTILE.items() if not hostile.in_memory])
async def test_a_hostile_token_is_refused(strict: Service, forge: Forge, name: str) -> None:
    hostile = HOSTILE[name]
    sent = hostile.sent(forge)
    if sent.twice:
        assert (await send(strict, sent)).status == 200
    answer = await send(strict, sent)
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
    assert "data" not in answer.json
    told = said(answer)
    assert (told["check"], told["claim"]) == (hostile.check.value, hostile.claim), answer.body
    assert {"expected", "received", "remedy"} <= told.keys()
    for token in (sent.token, *sent.proofs, *sent.evidence):
        for part in token.split("."):
            assert len(part) < 16 or part.encode() not in answer.body


async def test_the_good_ones_they_are_made_of_are_taken(strict: Service, forge: Forge) -> None:
    assert (await send(strict, Sent(forge.voucher()))).status == 200
    token = forge.bound()
    for method in ("POST", "GET"):
        assert (
            await send(strict, Sent(token, "DPoP", (forge.proof(token, htm=method),), method=method))
        ).status == 200


# ── consumers who may not ask ─────────────────────────────────────────────────────────────────────────

GRANTS = (
    "(SELECT purpose_id FROM purpose JOIN agency ON agency.id = purpose.agency_id WHERE agency.code = $1)"
)


@dataclass(frozen=True)
class Withheld:
    """A consumer, what became of it in the tables, and the claims of its voucher that differ."""

    consumer: str
    sql: str
    status: int
    check: Check
    claim: str
    claims: Callable[[Service], Mapping[str, object]] = lambda _: {}


WITHHELD: dict[str, Withheld] = {
    "client nobody registered": Withheld("stranger", "", 401, Check.CLIENT, "client_id"),
    "client withdrawn": Withheld(
        "two-centres",
        "UPDATE agency_client SET revoked_at = now() FROM agency WHERE agency.id = agency_id AND code = $1",
        401,
        Check.CLIENT,
        "client_id",
    ),
    "client of another organisation": Withheld(
        "centre",
        "",
        401,
        Check.CONSUMER,
        "consumerId",
        lambda s: {"consumerId": claims_of(s, "inps")["consumerId"]},
    ),
    "purpose of another agency": Withheld(
        "centre",
        "",
        403,
        Check.PURPOSE,
        "purposeId",
        lambda s: {"purposeId": claims_of(s, "inps")["purposeId"]},
    ),
    "purpose withdrawn": Withheld(
        "two-towns",
        f"UPDATE purpose SET revoked_at = now() WHERE purpose_id IN {GRANTS}",
        403,
        Check.PURPOSE,
        "purposeId",
    ),
    "grant revoked": Withheld("revoked", "", 403, Check.PURPOSE, "purposeId"),
    "grant of tomorrow": Withheld(
        "two-regions",
        f"UPDATE access_grant SET valid_from = now() + interval '1 day' WHERE purpose_id IN {GRANTS}",
        403,
        Check.PURPOSE,
        "purposeId",
    ),
    "grant of yesterday": Withheld(
        "east",
        f"UPDATE access_grant SET valid_from = now() - interval '2 days', valid_to = now() - interval '1 day' WHERE purpose_id IN {GRANTS}",
        403,
        Check.PURPOSE,
        "purposeId",
    ),
    "purpose without a grant": Withheld(
        "nowhere",
        f"WITH gone AS (DELETE FROM access_grant_area WHERE grant_id IN (SELECT id FROM access_grant WHERE purpose_id IN {GRANTS}))"
        f" DELETE FROM access_grant WHERE purpose_id IN {GRANTS}",
        403,
        Check.PURPOSE,
        "purposeId",
    ),
}


async def withheld(strict: Service, forge: Forge, name: str) -> Answer:
    one = WITHHELD[name]
    if one.sql:
        await strict.owner.execute(one.sql, one.consumer)
    forge.claims = {**claims_of(strict, one.consumer), **one.claims(strict)}
    return await send(strict, Sent(forge.voucher()))


@pytest.mark.parametrize("name", WITHHELD)
async def test_who_may_not_ask_is_told_why(strict: Service, forge: Forge, name: str) -> None:
    one = WITHHELD[name]
    answer = await withheld(strict, forge, name)
    assert answer.status == one.status, answer.body
    assert (said(answer)["check"], said(answer)["claim"]) == (one.check.value, one.claim)
    assert {"expected", "received", "remedy"} <= said(answer).keys()


async def test_each_of_them_has_its_own_reason(strict: Service, forge: Forge) -> None:
    answers = [said(await withheld(strict, forge, name)) for name in WITHHELD]
    reasons = {
        (told["check"], told["claim"], told["expected"].split(" of ")[0], told["received"])
        for told in answers
    }
    assert len(reasons) == len(WITHHELD)


async def test_another_agencys_purpose_is_not_told_from_one_that_never_was(
    strict: Service, forge: Forge
) -> None:
    answers = []
    for purpose in (claims_of(strict, "inps")["purposeId"], str(uuid.uuid4())):
        forge.claims = {**claims_of(strict, "centre"), "purposeId": purpose}
        answers.append(said(await send(strict, Sent(forge.voucher())))["received"])
    assert answers[0] == answers[1]


# ── DPoP over what else the hub speaks ────────────────────────────────────────────────────────────────


async def test_no_proof_is_taken_while_the_database_cannot_say_what_was_seen(
    open_hub: Opener, others: tuple[RSAKey, ECKey]
) -> None:
    async with open_hub("unseen", sequencer=False) as service:
        forge = Forge(
            RSAKey.import_key(service.keys.path(PDND).read_bytes()),
            service.keys.kid(PDND),
            *others,
            claims=claims_of(service, "centre"),
            now=time.time(),
        )
        token = forge.bound()
        assert (await send(service, Sent(token, "DPoP", (forge.proof(token),)))).status == 200
        await service.owner.execute("ALTER TABLE seen_token RENAME TO elsewhere")
        answer = await send(service, Sent(token, "DPoP", (forge.proof(token),)))
        assert (answer.status, answer.codes) == (503, ["DATABASE_UNAVAILABLE"])
        assert (await send(service, Sent(forge.voucher()))).status == 200, (
            "a bearer voucher asks for nothing of it"
        )
        await service.owner.execute("ALTER TABLE elsewhere RENAME TO seen_token")
        proof = forge.proof(token)
        assert (await send(service, Sent(token, "DPoP", (proof,)))).status == 200
        assert (await send(service, Sent(token, "DPoP", (proof,)))).status == 401


async def test_two_processes_take_a_proof_once(strict: Service, forge: Forge) -> None:
    async with (
        running_hub(strict.settings, strict.database_url) as hub,
        http_server(hub, listen("127.0.0.1", 0), closing=hub.close_streams) as (_, address),
    ):
        token = forge.bound()
        proof = forge.proof(token)
        sent = Sent(token, "DPoP", (proof,))
        answers = [
            (await strict.client.post(f"{url}/graphql", json=QUERY, headers=sent.headers())).status_code
            for url in (strict.url, address, address, strict.url)
        ]
    assert answers == [200, 401, 401, 401]
