# SPDX-License-Identifier: EUPL-1.2
"""The ASGI application: puts the parts together, nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from connectors.connected import ConnectedAgencies, connect_agencies
from connectors.flow_status import FlowWatch
from connectors.kept_answers import KeptAnswers
from connectors.outbound.dispatcher import Dispatcher
from connectors.pdnd import Operator as DeskOperator
from connectors.pdnd import PublishedKeys
from connectors.rdc import BeneficiaryService, EventService
from connectors.tls import open_client
from connectors.xml import XmlLimits
from hub.access.call_counts import DefaultLimits, StoredCallCounts
from hub.access.caller import Caller
from hub.access.directory import CHANNEL as ACCESS_CHANNEL
from hub.access.directory import Directory
from hub.access.jwks import KeySet
from hub.access.log import AccessLog
from hub.access.log_months import LogMonths
from hub.access.operator import Operator
from hub.access.possession import Possession
from hub.access.proof import ProofRules
from hub.access.rate import RateLimiter
from hub.access.registration import default_demands
from hub.access.seen_tokens import SeenTokens
from hub.access.service_clients import ServiceClients
from hub.access.voucher import VoucherRules, VoucherVerifier
from hub.errors import ConfigurationError
from hub.http.addresses import Addresses
from hub.http.admission import Admission
from hub.http.agency_metrics import AgencyMetrics
from hub.http.attempts import FailedAttempts
from hub.http.authentication import Authenticator
from hub.http.call_metrics import CallMetrics
from hub.http.citizens import citizens_door, published_keys
from hub.http.commands import Commands
from hub.http.communications import PATH as COMMUNICATIONS_PATH
from hub.http.communications import CommunicationsEndpoint, Intake
from hub.http.demands import Demands
from hub.http.execution import Asked, Execution
from hub.http.faults import Faults, told_as_problem
from hub.http.feed_proofs import FeedProofs
from hub.http.feed_query import PATH as FEED_PATH
from hub.http.feed_stream import FeedStream
from hub.http.flow_metrics import FlowMetrics
from hub.http.graphiql import Tab, TabSource, asks_for_page, graphiql_routes
from hub.http.graphql import GraphQLEndpoint, Terms
from hub.http.metrics import registry
from hub.http.open_streams import OpenStreams
from hub.http.origins import Origins
from hub.http.posted import posted_metrics
from hub.http.probes import probe_routes
from hub.http.publication_lines import PublicationLines
from hub.http.publications import MOST_LINES, PublicationsEndpoint
from hub.http.publications import PATH as PUBLICATIONS_PATH
from hub.http.publications_openapi import openapi_bytes, openapi_route
from hub.http.service_doors import ServiceAdmission, ServiceAuthenticator, Transport, gateways_of
from hub.http.signing import Signing
from hub.http.soap import MOST_BYTES, SoapParts, soap_endpoints, soap_metrics, soap_routes
from hub.http.soap_file import read_soap_file
from hub.http.socket_parts import SocketParts, SocketRules
from hub.http.streams import StreamSender
from hub.http.subscriptions import Subscriptions
from hub.http.watch import Watch
from hub.http.websocket import GraphQLSockets
from hub.ledger.checkpoint_key import read_signer
from hub.ledger.checkpointing import Checkpointing
from hub.ledger.communications import HireTerms
from hub.ledger.feed_status import FeedWatch
from hub.ledger.hires_due import HiresDue
from hub.ledger.sequencer import CHANNEL as FEED_CHANNEL
from hub.ledger.sequencer import Sequencer
from hub.ledger.signed_note import Signer
from hub.ledger.wire_codes import read_wire_codes
from hub.plan.catalogue import Catalogue
from hub.plan.documents import Documents
from hub.plan.feed_lines import FeedLines
from hub.plan.limits import DocumentLimits, PageLimits
from hub.plan.runner import Runner
from hub.plan.trusted import consumers, read_registry
from hub.settings import Environment, Settings
from hub.spans import Spans, noted_by
from hub.store.announcements import Announcements, Word
from hub.store.engine import Database, open_connection, open_database
from hub.store.migrations import check_version
from hub.tracing.parts import Tracing, tracing_of
from schema.build import build_schema, sdl
from schema.context import Means, RequestContext
from schema.live import AgencySources, LiveAnswers
from schema.publications import READINGS
from schema.suitability import Seekers


class Hub:
    """The running hub. `/graphql` is answered directly; the rest goes through starlette's router."""

    def __init__(
        self,
        graphql: GraphQLEndpoint,
        sockets: GraphQLSockets,
        other: Starlette,
        database: Database,
        agencies: ConnectedAgencies,
        opened: OpenStreams,
        runner: Runner,
        log: AccessLog,
        kept_answers: KeptAnswers,
        *,
        shows_page: bool,
        traced: Tracing,
    ) -> None:
        self._graphql = graphql
        self._sockets = sockets
        self._ask = traced.requests(graphql, "/graphql")
        self._talk = traced.requests(sockets)
        self._other = traced.requests(other)
        self._shows_page = shows_page
        self.database = database
        self.agencies = agencies
        self._opened = opened
        self.runner = runner
        self.log = log
        self.kept_answers = kept_answers

    async def close_streams(self) -> None:
        """End every socket and every stream: what a server does before it closes its connections."""
        await self._opened.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection of the ASGI server."""
        if scope["type"] == "http" and scope["path"] == "/graphql" and not self._is_for_page(scope):
            await self._ask(scope, receive, send)
        elif scope["type"] == "websocket" and scope["path"] == "/graphql":
            await self._talk(scope, receive, send)
        elif scope["type"] != "lifespan":  # its life is the block of `running_hub`
            await self._other(scope, receive, send)

    def _is_for_page(self, scope: Scope) -> bool:
        return self._shows_page and scope["method"] == "GET" and asks_for_page(Request(scope))


@asynccontextmanager
async def running_hub(
    settings: Settings, url: str, *, tabs: TabSource | None = None, tracing: Tracing | None = None
) -> AsyncIterator[Hub]:
    """The hub on the database at `url`, with its background work, until the block ends.

    Args:
        settings: as the environment, or a command, says.
        url: of a migrated database.
        tabs: GraphiQL's ready-made tabs, in demo and development.
        tracing: who takes note of spans; None: whoever the settings say.

    Raises:
        DatabaseError: it cannot be opened, or is older or newer than the code.
        ConfigurationError: settings contradict each other.

    """
    wire_codes = read_wire_codes(settings.wire_codes)
    schema, catalogue = build_schema()
    documents = documents_for(settings, catalogue)
    if settings.trusted_documents is not None:
        documents.trust(read_registry(settings.trusted_documents))
    elif settings.trusted_only is not None:
        raise ConfigurationError(
            "With SNODO_TRUSTED_ONLY set, SNODO_TRUSTED_DOCUMENTS must name the registry of the documents that are run."
        )
    origins, watch = Origins(settings.allowed_origins or ""), Watch(settings.request_deadline)
    async with (
        open_database(url, settings) as database,
        open_client(settings) as http,
        tracing_of(settings) if tracing is None else contextlib.nullcontext(tracing) as traced,
        contextlib.AsyncExitStack() as stack,
    ):
        async with database.write.acquire() as connection:
            await check_version(connection, url)
        agencies = connect_agencies(settings, http)
        stack.push_async_callback(agencies.aclose)
        log = traced.log(lambda: open_connection(url, settings), time.perf_counter)
        stack.push_async_callback(log.close)
        runner = traced.runner(database.read, settings.read_connections)
        stack.push_async_callback(runner.close)
        recording = traced.runner(database.record, settings.write_connections)
        stack.push_async_callback(recording.close)
        exchanges = [*agencies.exchanges]
        kept_answers = KeptAnswers(database.write)
        stack.push_async_callback(kept_answers.written)
        sources = AgencySources(
            agencies.anpr,
            agencies.inps,
            kept_answers,
            timedelta(seconds=settings.stale_answer_age),
            settings.call_concurrency,
            agencies.isee,
            exchanges,
        )

        default_limits = DefaultLimits.from_settings(settings)
        means = Means(
            database,
            recording,
            _now,
            timedelta(seconds=settings.event_clock_tolerance),
            default_demands(settings),
            default_limits,
            settings.withdrawal_days,
        )

        def context(asked: Asked) -> RequestContext:
            return RequestContext(
                caller=asked.caller,
                operator=asked.operator,
                operation=asked.operation,
                variables=asked.variables,
                plans=asked.prepared.plans,
                catalogue=catalogue,
                means=means,
                runner=runner,
                live=LiveAnswers(sources, _desk(asked.caller, asked.operator, settings), _now),
                seekers=Seekers(database.write, asked.caller),
                account=asked.account,
            )

        published = _pdnd_keys(settings, http)
        exchanges += published.exchanges
        keys = KeySet(published, time.monotonic, settings.jwks_refresh)
        stack.push_async_callback(keys.close)
        keys.prefetch()
        verifier = VoucherVerifier(keys, VoucherRules.from_settings(settings), time.time)
        fed, granted = Word(), Word()
        seen = SeenTokens(database.write)
        possession = Possession(seen, ProofRules.from_settings(settings), time.time)
        stack.push_async_callback(_cancel, asyncio.create_task(seen.run(), name="seen tokens"))
        signing = Signing.from_settings(settings, http, keys, seen)
        stack.push_async_callback(signing.close)
        exchanges += signing.exchanges
        citizens_keys = published_keys(settings, http)
        if citizens_keys is not None:
            exchanges += citizens_keys.exchanges
        unseen = catalogue.fields.unseen
        authenticator = Authenticator(
            verifier,
            Directory(database.write, time.monotonic, unseen, granted),
            signing.evidence,
            possession,
            citizens_door(settings, citizens_keys, database.write, unseen, granted),
        )
        demands = Demands(authenticator, signing.signatures, seen, signing.signer, settings.clock_skew)
        limiter = RateLimiter(StoredCallCounts(database.write, default_limits), time.time)
        stack.push_async_callback(limiter.close)
        stack.push_async_callback(_cancel, asyncio.create_task(limiter.run(), name="calls"))
        addresses = Addresses(settings.trusted_proxies or "")
        attempts = FailedAttempts(settings.failed_authentications_per_minute, addresses, time.time)
        admission = Admission(authenticator, limiter, attempts, time.time)
        sequencer = Sequencer(database.write, settings.sequencer_interval)
        if settings.sequencer:
            stack.push_async_callback(_cancel, _task(sequencer.run(), "sequencer", traced.spans))
        signer = signer_of(settings)
        checkpointing = Checkpointing(
            database.write, lambda: sequencer.active, signer, settings.checkpoint_interval
        )
        if settings.sequencer:
            stack.push_async_callback(_cancel, asyncio.create_task(checkpointing.run(), name="checkpoints"))
        months = LogMonths(database.write, settings.access_log_months)
        stack.push_async_callback(_cancel, asyncio.create_task(months.run(), name="access log months"))
        due = HiresDue(database.write, _now, means.event_clock_tolerance)
        stack.push_async_callback(_cancel, asyncio.create_task(due.run(), name="hires due"))
        dispatcher = Dispatcher(database.write, agencies.recipients(), _now, random.random)
        stack.push_async_callback(_cancel, _task(dispatcher.run(), "deliveries", traced.spans))
        feed_watch = FeedWatch(database.write, _now)
        stack.push_async_callback(_cancel, asyncio.create_task(feed_watch.run(), name="feed watch"))
        flow_watch = FlowWatch(database.write)
        stack.push_async_callback(_cancel, asyncio.create_task(flow_watch.run(), name="flow watch"))
        opened = OpenStreams(
            most_sockets=settings.max_sockets,
            most_subscriptions=settings.max_subscriptions,
            most_waiting_of_address=settings.max_waiting_sockets_per_address,
            most_sockets_of_one=settings.max_sockets_per_consumer,
            most_subscriptions_of_one=settings.max_subscriptions_per_consumer,
        )
        metrics = registry(
            documents=documents,
            runner=runner,
            watch=watch,
            opened=opened,
            log=log,
            months=months,
            feed=feed_watch,
            sequencing=lambda: float(sequencer.active),
        )
        routes: list[BaseRoute] = [*probe_routes(database, metrics, sdl()), *signing.routes()]
        metrics.register(CallMetrics(limiter, attempts))
        metrics.register(AgencyMetrics(exchanges))
        if traced.metrics is not None:
            metrics.register(traced.metrics)
        metrics.register(FlowMetrics(flow_watch, _now))
        verifier_key = None if signer is None else signer.key
        routes += FeedProofs(database, admission, demands, watch, verifier_key, time.monotonic).routes()
        stream = FeedStream(
            FeedLines(documents, catalogue, pages_of(settings)),
            runner,
            authenticator,
            admission,
            demands,
            opened,
            log,
            stall=settings.feed_stall,
            max_url_bytes=settings.max_url_bytes,
        )
        routes.append(Route(FEED_PATH, stream, methods=["GET"]))
        terms = HireTerms(means.event_clock_tolerance, means.withdrawal_days)
        intake = Intake(_now, terms, settings.max_body_bytes)
        communications = CommunicationsEndpoint(database, admission, demands, watch, intake)
        routes.append(Route(COMMUNICATIONS_PATH, communications, methods=["POST"]))
        lines = PublicationLines(schema, READINGS)
        publications = PublicationsEndpoint(
            database, admission, demands, watch, lines, _now, settings.max_body_bytes
        )
        routes.append(Route(PUBLICATIONS_PATH, publications, methods=["POST"]))
        metrics.register(posted_metrics([communications, publications]))
        routes.append(openapi_route(openapi_bytes(schema, READINGS, MOST_LINES)))
        shows_page = settings.environment is not Environment.PRODUCTION
        if shows_page:
            routes = [*graphiql_routes(tabs or _no_tabs), *routes]
        announcements = Announcements(
            lambda: open_connection(url, settings),
            settings.feed_poll_interval,
            # Who follows the feed asks again whether it may, when the feed has grown and when a grant has changed.
            {FEED_CHANNEL: (fed,), ACCESS_CHANNEL: (granted, fed)},
        )
        stack.push_async_callback(_cancel, asyncio.create_task(announcements.run(), name="announcements"))
        stack.push_async_callback(opened.close)
        execution = Execution(schema, context)
        operations = traced.operations(
            documents,
            runner,
            Commands(means),
            execution,
            Subscriptions(runner, execution, fed, opened),
            log,
            max_response_bytes=settings.max_response_bytes,
            trusted_only=consumers(settings.trusted_only or ""),
        )
        graphql = GraphQLEndpoint(
            operations,
            authenticator,
            admission,
            demands,
            StreamSender(opened, settings.stream_silence),
            terms=Terms(settings.max_body_bytes, settings.max_url_bytes, settings.http_profile),
            origins=origins,
            watch=watch,
        )
        sockets = GraphQLSockets(
            SocketParts(
                operations,
                authenticator,
                admission,
                demands,
                granted,
                opened,
                SocketRules(
                    settings.socket_init_timeout, settings.max_operations_per_socket, settings.max_body_bytes
                ),
                watch,
            ),
            origins,
        )
        if settings.soap_file is not None:
            soap = read_soap_file(settings.soap_file)
            gateways = gateways_of(settings.certificate_proxies or "", soap.clients)
            clients = ServiceClients(soap.clients, database.write, time.monotonic, unseen, granted)
            stack.callback(clients.close)
            beneficiaries = [] if soap.codes is None else [BeneficiaryService(soap.codes)]
            endpoints = soap_endpoints(
                [*beneficiaries, EventService(wire_codes)],
                SoapParts(
                    operations,
                    ServiceAdmission(
                        ServiceAuthenticator(clients, authenticator), limiter, attempts, time.time
                    ),
                    demands,
                    Transport(addresses, gateways),
                    watch,
                    XmlLimits(min(settings.max_body_bytes, MOST_BYTES)),
                ),
                documents,
            )
            routes += soap_routes(endpoints)
            metrics.register(soap_metrics(endpoints))
        other = Starlette(
            routes=routes,
            middleware=[Middleware(Faults)],
            exception_handlers={HTTPException: told_as_problem},
        )
        yield Hub(
            graphql,
            sockets,
            other,
            database,
            agencies,
            opened,
            runner,
            log,
            kept_answers,
            shows_page=shows_page,
            traced=traced,
        )


def documents_for(settings: Settings, catalogue: Catalogue) -> Documents:
    """The documents of a process, within the settings' limits; none of them is known yet."""
    return Documents(
        catalogue,
        most=settings.document_cache_size,
        most_bytes=settings.document_cache_bytes,
        limits=DocumentLimits(
            settings.max_document_length,
            settings.max_tokens,
            settings.max_depth,
            settings.max_aliases,
            settings.max_root_fields,
            settings.max_directives,
            settings.max_fields,
            settings.max_field_comparisons,
        ),
        pages=pages_of(settings),
    )


def pages_of(settings: Settings) -> PageLimits:
    """The limits of pages, as the settings say."""
    return PageLimits(
        settings.default_page_size, settings.max_page_size, settings.max_cost, settings.count_rounding
    )


def signer_of(settings: Settings) -> Signer | None:
    """Who signs the feed's checkpoints, as the settings say; None for nobody.

    Raises:
        ConfigurationError: the key cannot be read.
    """
    path = settings.checkpoint_key_file
    return None if path is None else read_signer(path, settings.feed_origin)


async def _no_tabs() -> Sequence[Tab]:
    return ()


def _now() -> datetime:
    return datetime.now(UTC)


def _desk(caller: Caller, operator: Operator | None, settings: Settings) -> DeskOperator:
    """At whose desk a call to an agency begins: the operator's, or, when the consumer names none, the consumer's."""
    if operator is None:
        return DeskOperator(caller.agency_code, settings.user_location, "low")
    return DeskOperator(operator.user_id, operator.user_location, operator.loa)


def _pdnd_keys(settings: Settings, http: httpx2.AsyncClient) -> PublishedKeys:
    source = settings.pdnd_jwks
    if source is None:
        if settings.environment is Environment.PRODUCTION:
            raise ConfigurationError(
                "In production SNODO_PDND_JWKS must name PDND's public keys (a URL or a file)."
            )
        source = str(settings.data_dir / "demo" / "pdnd-jwks.json")
    return PublishedKeys(source, http)


def _task(work: Coroutine[Any, Any, None], name: str, spans: Spans) -> asyncio.Task[None]:
    return asyncio.create_task(work, name=name, context=noted_by(spans))


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
