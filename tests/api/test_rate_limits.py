# SPDX-License-Identifier: EUPL-1.2
"""How often one may ask: counted over every transport, said in every answer, shared by all hubs on one database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.engine import make_url

from connectors.simulators.desk import possession_proof
from connectors.simulators.identity_provider import issue_citizen_token
from connectors.simulators.pdnd import issue_voucher
from hub.access import call_windows
from hub.app import running_hub
from hub.cli.serving import http_server, listen
from hub.settings import Settings
from tests.api.test_subscriptions import FOLLOW, following
from tests.api.test_websocket import QUESTION, connected, welcomed
from tests.api.world import EAST_CODE, NORTH_CODE, UNKNOWN_CODE

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Opener, Service

SMALL = "{ __typename }"
LIMITS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


@pytest.fixture(autouse=True)
async def long_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes of an hour, none of which ends during a test."""
    monkeypatch.setattr(call_windows, "MINUTE", 3_600.0)
    monkeypatch.setattr("hub.http.attempts.MINUTE", 3_600.0)
    left = 3_600 - time.time() % 3_600
    if left < 20:
        await asyncio.sleep(left + 0.1)


def told(answer: Answer) -> tuple[int, int]:
    """Limit and calls remaining, as the answer's headers say; when the window ends lies within it."""
    limit, remaining, reset = (int(answer.headers[name]) for name in LIMITS)
    assert 0 < reset <= 90_000
    return limit, remaining


async def spent(hub: Service, calls: int, as_: str = "centre") -> None:
    """Ask so many times, one after another: each is answered."""
    for _ in range(calls):
        assert (await hub(SMALL, as_=as_)).status == 200


def bound(hub: Service) -> str:
    """A voucher of the centre, bound to its key."""
    return issue_voucher(hub.registry, hub.keys, "centre", key_thumbprint=hub.keys.kid("centre"))


def proven(hub: Service, token: str) -> dict[str, str]:
    """The headers of one request with it."""
    proof = possession_proof(hub.keys, "centre", "POST", hub.settings.audience, now=time.time(), token=token)
    return {"authorization": f"DPoP {token}", "dpop": proof}


async def test_every_call_counts_and_every_answer_says_how_many_are_left(open_hub: Opener) -> None:
    async with open_hub("rate", sequencer=False, calls_per_minute=8) as hub:
        bearer = {"authorization": f"Bearer {hub.token('centre')}"}
        answers = [
            await hub(SMALL),
            await hub("{ nothing }"),
            await hub("{ conditionalityFeed { endCursor } }"),
            await hub.send("GET", params={"query": SMALL}, headers=bearer),
            await hub.send("GET", params={"query": "mutation { x }"}, headers=bearer),
            await hub.send(json={"query": SMALL}, headers={**bearer, "accept": "text/event-stream"}),
        ]
        assert [answer.status for answer in answers] == [200, 400, 403, 200, 400, 200]
        assert [told(answer) for answer in answers] == [(8, 8 - call) for call in range(1, 7)]
        await spent(hub, 2)
        refused = await hub(SMALL)
        assert (refused.status, refused.codes) == (429, ["RATE_LIMITED"])
        assert told(refused) == (8, 0)
        extensions = refused.json["errors"][0]["extensions"]
        assert extensions["limit"] == 8
        assert (extensions["window"], extensions["of"]) == ("MINUTE", "PURPOSE")
        assert int(refused.headers["retry-after"]) == extensions["retryAfter"]
        assert abs(extensions["retryAfter"] - int(refused.headers["x-ratelimit-reset"])) <= 1
        assert told(await hub(SMALL, as_="municipality")) == (8, 7), "another consumer's are its own"


async def test_who_is_not_known_uses_nobodys_calls(open_hub: Opener) -> None:
    async with open_hub("rate-unknown", sequencer=False, calls_per_minute=5) as hub:
        for headers in (
            {},
            {"authorization": "Bearer x.y.z"},
            {"authorization": f"Bearer {hub.token('centre')}x"},
        ):
            answer = await hub.send(json={"query": SMALL}, headers=headers)
            assert answer.status == 401
            limit, remaining = told(answer)
            assert (limit, remaining > 0) == (1_000_000, True), "the failures its address may have"
        unread = await hub.send(
            content=b"{",
            headers={"content-type": "application/json", "authorization": f"Bearer {hub.token('centre')}"},
        )
        assert unread.status == 400
        assert told(unread)[0] == 1_000_000
        wrong = await hub.send("DELETE")
        assert wrong.status == 405
        assert told(wrong)[0] == 1_000_000
        await spent(hub, 5)
        assert (await hub(SMALL)).status == 429


async def test_a_day_s_calls_of_a_consumer_and_of_all(open_hub: Opener) -> None:
    async with open_hub("rate-day", sequencer=False, calls_per_day=6, calls_per_day_in_all=9) as hub:
        assert told(await hub(SMALL)) == (6, 5)
        await spent(hub, 5)
        refused = await hub(SMALL)
        assert refused.json["errors"][0]["extensions"]["of"] == "CONSUMER"
        assert refused.json["errors"][0]["extensions"]["window"] == "DAY"
        assert told(await hub(SMALL, as_="region")) == (9, 2)
        await spent(hub, 2, as_="inps")
        refused = await hub(SMALL, as_="inps")
        assert (refused.status, refused.json["errors"][0]["extensions"]["of"]) == (429, "ESERVICE")


async def test_citizens_are_limited_each_for_itself(open_hub: Opener) -> None:
    limits = {"citizen_calls_per_minute": 3, "calls_per_minute": 8, "failed_authentications_per_minute": 1}
    async with open_hub("rate-citizens", sequencer=False, **limits) as hub:
        north, east, unknown = (
            issue_citizen_token(hub.keys, code) for code in (NORTH_CODE, EAST_CODE, UNKNOWN_CODE)
        )

        async def ask(token: str) -> Answer:
            headers = {"authorization": f"Bearer {token}"}
            return await hub.send(json={"query": SMALL}, headers=headers)

        assert [told(await ask(north)) for _ in range(3)] == [(3, 2), (3, 1), (3, 0)]
        refused = await ask(north)
        assert (refused.status, refused.json["errors"][0]["extensions"]["of"]) == (429, "CITIZEN")
        assert NORTH_CODE.encode() not in refused.body
        assert told(await ask(issue_citizen_token(hub.keys, NORTH_CODE))) == (3, 0), (
            "another token, one person"
        )
        assert told(await ask(east)) == (3, 2)
        assert told(await ask(unknown)) == (8, 7)
        assert (await ask("x.y.z")).status == 401
        assert (await ask("x.y.z")).status == 429
        assert told(await ask(east)) == (3, 1), "known to hold"


async def test_a_limit_of_its_own_holds_at_once(open_hub: Opener) -> None:
    async with open_hub("rate-own", sequencer=False, calls_per_minute=4) as hub:
        await spent(hub, 4)
        assert (await hub(SMALL)).status == 429
        purpose = hub.registry.consumer("centre").purpose_for("hub").purpose_id
        await hub.owner.execute("UPDATE purpose SET calls_per_minute = 20 WHERE purpose_id = $1", purpose)
        await asyncio.sleep(1.1)
        assert told(await hub(SMALL)) == (20, 15)


async def test_two_hubs_on_one_database_share_a_limit(open_hub: Opener) -> None:
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(open_hub("rate-two", sequencer=False, calls_per_minute=40))
        url = await hub.owner.fetchval("SELECT current_database()")
        other = await stack.enter_async_context(_another(hub, open_hub, url, calls_per_minute=40))
        answered = 0
        for turn in range(120):
            headers = {"authorization": f"Bearer {hub.token('centre')}"}
            place = hub.url if turn % 3 else other
            answer = await hub.client.post(f"{place}/graphql", json={"query": SMALL}, headers=headers)
            answered += answer.status_code == 200
        assert answered <= 40
        used = await hub.owner.fetchval(
            "SELECT sum(used)::int FROM call_count WHERE calls_of = 'PURPOSE' AND call_window = 'MINUTE'"
        )
        assert used == 40
        assert answered >= 40 - 5, "an eighth of the forty may lie with a hub that is asked no more"


def _another(hub: Service, open_hub: Opener, database: str, **settings: Any) -> Any:
    @asynccontextmanager
    async def opened() -> AsyncIterator[str]:
        url = make_url(open_hub._server_url).set(database=database).render_as_string(hide_password=False)
        chosen = Settings(data_dir=hub.keys.folder.parent, sequencer=False, **settings)
        async with (
            running_hub(chosen, url) as second,
            http_server(second, listen("127.0.0.1", 0), closing=second.close_streams) as (_, address),
        ):
            yield address

    return opened()


async def test_what_is_not_used_is_given_back_at_the_end(open_hub: Opener) -> None:
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(open_hub("rate-back", sequencer=False))
        database = await hub.owner.fetchval("SELECT current_database()")
        async with _another(hub, open_hub, database) as other:
            for _ in range(3):
                answer = await hub.client.post(
                    f"{other}/graphql",
                    json={"query": SMALL},
                    headers={"authorization": f"Bearer {hub.token('inps')}"},
                )
                assert answer.status_code == 200
        rows = await hub.owner.fetch("SELECT used FROM call_count")
        assert [row["used"] for row in rows] == [3] * 4, "purpose by minute and day, consumer, all"


async def test_each_operation_of_a_socket_counts(open_hub: Opener) -> None:
    async with open_hub("rate-ws", sequencer=False, calls_per_minute=3) as hub, welcomed(hub) as client:
        for number in range(3):
            assert (await client.ask(str(number), QUESTION))[0]["type"] == "next"
        (refused,) = await client.ask("4", QUESTION)
        assert refused["type"] == "error"
        assert refused["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}, "the socket stays"


async def test_a_subscription_counts_when_it_is_opened(open_hub: Opener) -> None:
    async with open_hub("rate-follow", calls_per_minute=2) as hub:
        async with following(hub) as events:
            for _ in range(3):
                await hub.owner.execute("SELECT pg_notify('snodo_feed', '')")
            del events
        async with hub.client.stream(
            "POST", f"{hub.url}/graphql", json={"query": FOLLOW},
            headers={"authorization": f"Bearer {hub.token('inps')}", "accept": "text/event-stream"},
        ) as stream:  # fmt: skip
            assert stream.status_code == 200
            assert (stream.headers["x-ratelimit-limit"], stream.headers["x-ratelimit-remaining"]) == (
                "2",
                "0",
            )
        assert (await hub(SMALL, as_="inps")).status == 429


async def test_failures_of_one_address(open_hub: Opener) -> None:
    settings = {"failed_authentications_per_minute": 3, "trusted_proxies": "127.0.0.1"}
    async with open_hub("rate-failed", sequencer=False, **settings) as hub:

        async def ask(token: str, address: str) -> Answer:
            headers = {"authorization": f"Bearer {token}", "x-forwarded-for": f"1.1.1.1, {address}"}
            return await hub.send(json={"query": SMALL}, headers=headers)

        assert (await ask(hub.token("centre"), "192.0.2.1")).status == 200
        for left in (2, 1, 0):
            answer = await ask("x.y.z", "192.0.2.1")
            assert answer.status == 401
            assert told(answer) == (3, left)
        for token in ("x.y.z", hub.token("region")):
            answer = await ask(token, "192.0.2.1")
            assert (answer.status, answer.codes) == (429, ["RATE_LIMITED"])
            assert answer.json["errors"][0]["extensions"]["of"] == "ADDRESS"
            assert int(answer.headers["retry-after"]) > 0
            assert told(answer) == (3, 0)
        assert (await ask(hub.token("centre"), "192.0.2.1")).status == 200, "known to hold"
        assert (await ask("x.y.z", "192.0.2.2")).status == 401, "another address"
        assert await hub.metric("snodo_attempts_refused_total") == 2
        async with connected(hub, headers={"x-forwarded-for": "192.0.2.1"}) as client:
            await client.say(type="connection_init", payload={"authorization": "Bearer x.y.z"})
            code, reason = await client.end()
            assert code == 1013
            assert "address" in reason


async def test_a_forwarded_address_is_believed_of_trusted_proxies_alone(open_hub: Opener) -> None:
    async with open_hub("rate-forged", sequencer=False, failed_authentications_per_minute=2) as hub:
        statuses = []
        for number in range(4):
            headers = {"authorization": "Bearer x.y.z", "x-forwarded-for": f"192.0.2.{number}"}
            statuses.append((await hub.send(json={"query": SMALL}, headers=headers)).status)
        assert statuses == [401, 401, 429, 429]


async def test_a_purpose_without_a_grant_is_a_failure_too(open_hub: Opener) -> None:
    async with open_hub("rate-forbidden", sequencer=False, failed_authentications_per_minute=2) as hub:
        assert [(await hub(SMALL, as_="revoked")).status for _ in range(2)] == [403, 403]
        assert (await hub(SMALL, as_="stranger")).status == 429


async def test_sockets_of_one_consumer(open_hub: Opener) -> None:
    async with open_hub("rate-sockets", sequencer=False, max_sockets_per_consumer=1) as hub:
        async with welcomed(hub):
            async with connected(hub) as second:
                await second.say(
                    type="connection_init", payload={"authorization": f"Bearer {hub.token('centre')}"}
                )
                code, reason = await second.end()
                assert code == 1013
                assert "1 sockets" in reason
            async with welcomed(hub, "municipality"):
                pass

        async def free() -> bool:
            return not await hub.metric("snodo_sockets_open")

        while not await free():
            await asyncio.sleep(0.02)
        async with welcomed(hub):
            pass


async def test_the_metrics_name_no_consumer(open_hub: Opener) -> None:
    async with open_hub("rate-metrics", sequencer=False, calls_per_minute=5) as hub:
        await spent(hub, 5)
        assert (await hub(SMALL)).status == 429
        assert await hub.metric("snodo_calls_taken_total") == 5
        assert await hub.metric('snodo_calls_refused_total{window="MINUTE"}') == 1
        assert await hub.metric('snodo_calls_refused_total{window="DAY"}') == 0
        assert await hub.metric("snodo_calls_leased_total") == 5
        assert await hub.metric("snodo_call_leases_total") >= 5
        text = await hub.metrics_of_callers()
        assert "centre" not in text
        assert hub.registry.consumer("centre").purpose_for("hub").purpose_id not in text


async def test_a_warm_call_has_no_round_trip_of_its_own(open_hub: Opener) -> None:
    async with open_hub("rate-warm", sequencer=False) as hub:
        for _ in range(200):
            assert (await hub(SMALL)).status == 200
        assert await hub.metric("snodo_calls_taken_total") == 200
        assert await hub.metric("snodo_call_leases_total") < 30


async def test_a_page_of_another_origin_may_read_the_headers(open_hub: Opener) -> None:
    async with open_hub("rate-origin", sequencer=False, allowed_origins="https://front.example") as hub:
        headers = {"authorization": f"Bearer {hub.token('centre')}", "origin": "https://front.example"}
        answer = await hub.send(json={"query": SMALL}, headers=headers)
        exposed = answer.headers["access-control-expose-headers"].split(", ")
        assert {"retry-after", *LIMITS} <= set(exposed)


async def test_a_voucher_that_is_refused_again_is_not_heard(open_hub: Opener) -> None:
    """PDND's signature on it holds; that its client was withdrawn, or its purpose revoked, is for the tables to say, not each time."""
    async with open_hub("rate-refused", sequencer=False, failed_authentications_per_minute=3) as hub:
        client = hub.registry.consumer("centre").client_id
        assert (await hub(SMALL)).status == 200
        change = "UPDATE agency_client SET revoked_at = {} WHERE client_id = $1"
        await hub.owner.execute(change.format("now()"), client)
        hub.hub._graphql._authenticator._directory._known.clear()
        assert [(await hub(SMALL)).status for _ in range(5)] == [401, 401, 401, 429, 429]
        assert (await hub(SMALL, as_="revoked")).status == 429
        await hub.owner.execute(change.format("NULL"), client)


class Looks:
    """How often a hub's directory looks into the tables, and how often it had word of a change."""

    def __init__(self, hub: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        directory = hub.hub._graphql._authenticator._directory
        self.number, self._known, self._look = 0, directory._known, directory._look
        monkeypatch.setattr(directory, "_look", self._counted)
        monkeypatch.setattr(self._known, "_clock", lambda: 0.0)  # no two seconds pass

    @property
    def words(self) -> int:
        return self._known._changed.heard

    async def _counted(self, voucher: Any) -> Any:
        self.number += 1
        return await self._look(voucher)


async def test_what_the_tables_refused_they_are_not_asked_again(
    open_hub: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_hub("rate-asked", sequencer=False) as hub:
        looks = Looks(hub, monkeypatch)
        for as_, status in (("revoked", 403), ("stranger", 401)):
            before, words = looks.number, looks.words
            answers = await asyncio.gather(*(hub(SMALL, as_=as_) for _ in range(10)))
            assert {answer.status for answer in answers} == {status}
            assert {(await hub(SMALL, as_=as_)).status for _ in range(10)} == {status}
            assert 1 <= looks.number - before <= 1 + looks.words - words
        purpose = hub.registry.consumer("revoked").purpose_for("hub").purpose_id
        await hub.owner.execute("UPDATE access_grant SET revoked_at = NULL WHERE purpose_id = $1", purpose)
        async with asyncio.timeout(10):  # word of the change ends the refusal, as it ends a grant
            while (await hub(SMALL, as_="revoked")).status != 200:
                await asyncio.sleep(0.02)


async def test_a_change_has_all_sockets_of_a_consumer_ask_once(
    open_hub: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_hub("rate-herd", sequencer=False) as hub, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(welcomed(hub)) for _ in range(20)]
        looks = Looks(hub, monkeypatch)
        words = looks.words
        await hub.owner.execute("SELECT pg_notify('snodo_access', '')")
        async with asyncio.timeout(10):
            while looks.words == words:
                await asyncio.sleep(0.01)
        for client in clients:
            assert (await client.ask("1", QUESTION))[0]["type"] == "next"
        assert 1 <= looks.number <= 1 + looks.words - words, "not one for each socket"


async def test_a_consumer_without_calls_proves_nothing(open_hub: Opener) -> None:
    """A proof of possession is remembered in the tables: who has no call left does not have one written."""
    async with open_hub("rate-proofs", sequencer=False, calls_per_minute=3) as hub:
        token = bound(hub)
        statuses = [
            (await hub.send(json={"query": SMALL}, headers=proven(hub, token))).status for _ in range(12)
        ]
        assert statuses == [200] * 3 + [429] * 9
        written = await hub.owner.fetchval("SELECT count(*) FROM seen_token")
        assert 3 <= written < 12, "the one that finds the limit reached, once in a second"


async def test_a_bound_voucher_without_its_key_is_not_known_to_hold(open_hub: Opener) -> None:
    async with open_hub("rate-thief", sequencer=False, failed_authentications_per_minute=2) as hub:
        token = bound(hub)
        assert (await hub.send(json={"query": SMALL}, headers=proven(hub, token))).status == 200
        stolen = {**proven(hub, token), "dpop": "x.y.z"}
        statuses = [(await hub.send(json={"query": SMALL}, headers=stolen)).status for _ in range(3)]
        assert statuses == [401, 401, 429]
