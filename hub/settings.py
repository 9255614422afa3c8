# SPDX-License-Identifier: EUPL-1.2
"""Every setting, typed and described once; read from the environment (`SNODO_…`).

`docs/reference/settings.md` lists them; a test fails when one is missing there.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Environment(StrEnum):
    """Where the hub runs."""

    DEMO = "demo"
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class HttpProfile(StrEnum):
    """How errors are told in HTTP's status codes."""

    AUDITED = "audited"
    DRAFT = "draft-2026-08"


class Settings(BaseSettings):
    """All settings of one hub process; immutable once read."""

    model_config = SettingsConfigDict(env_prefix="SNODO_", frozen=True, extra="forbid")

    environment: Environment = Field(
        Environment.DEVELOPMENT,
        description="demo and development show GraphiQL and accept the local simulators' keys; production does neither.",
    )
    data_dir: Path = Field(
        Path(".snodo"),
        description="Where the embedded server and the demo's keys live; every command's --data-dir.",
    )
    log_level: str = Field("INFO", description="Lowest level that is logged: DEBUG, INFO, WARNING, ERROR.")
    traces_endpoint: str | None = Field(
        None,
        description="Where spans are sent by OTLP over HTTP, path included (`http://127.0.0.1:4318/v1/traces`); when absent, none are made.",
    )
    traces_ratio: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Share of the traces begun here that are told of; who asks with `traceparent` says it of its own.",
    )

    # ── the database ──────────────────────────────────────────────────────────────────────────────────
    database_url: SecretStr | None = Field(
        None,
        description="postgresql+asyncpg://… of your own PostgreSQL 18; when absent, the embedded server in the data directory.",
    )
    database_role: str = Field(
        "snodo_hub",
        description="The role the hub takes on its connections; it cannot UPDATE or DELETE append-only tables.",
        pattern=r"^[a-z_][a-z0-9_]{0,62}$",
    )
    read_connections: int = Field(
        12,
        ge=1,
        le=200,
        description="Connections of one hub process for stored questions: one a core (2 to 8) in steady use, the others while statements are slow.",
    )
    prepared_statements: int = Field(
        150,
        ge=10,
        description="Statements that stay prepared on each of them; PostgreSQL takes 0.1 to 0.4 MB for one, on each connection.",
    )
    write_connections: int = Field(
        8,
        ge=2,
        le=200,
        description="Connections of one hub process for mutations and background work; as many again record events, and four record many at once.",
    )
    statement_timeout: float = Field(
        10.0, gt=0, description="Seconds after which PostgreSQL ends a statement of the hub."
    )
    migration_timeout: float = Field(
        900.0,
        gt=0,
        description="Seconds after which PostgreSQL ends a statement of a migration; more for a very large database.",
    )

    # ── serving ───────────────────────────────────────────────────────────────────────────────────────
    host: str = Field("127.0.0.1", description="Address the hub listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port the hub listens on; 0 takes a free one.")
    max_body_bytes: int = Field(
        3_000_000,
        ge=1_000,
        description="Largest request body, in bytes; beyond it 413. A thousand events with the longest of notes are 2.4 million.",
    )
    max_url_bytes: int = Field(
        8_000, ge=1_000, description="Longest query string of a URL, in bytes; beyond it 414."
    )
    max_response_bytes: int = Field(
        10_000_000, ge=1_000, description="Largest answer, in bytes; beyond it the request is refused."
    )
    request_deadline: float = Field(
        15.0,
        gt=0,
        description="Seconds a request may last in all: reading, statements and calls to agencies.",
    )
    http_profile: HttpProfile = Field(
        HttpProfile.AUDITED,
        description="Status codes: audited as the test suite of GraphQL over HTTP wants them; draft-2026-08 with 422 and 294.",
    )
    trusted_documents: Path | None = Field(
        None, description="Registry of trusted documents, a file made by `snodo schema trust`."
    )
    trusted_only: str | None = Field(
        None,
        description="Consumers, by agency code, apart by spaces, for whom nothing but trusted documents is run; `*` for all.",
    )
    max_document_length: int = Field(50_000, ge=1_000, description="Largest GraphQL document, in characters.")
    allowed_origins: str | None = Field(
        None,
        description="Origins whose pages may ask from a browser, apart by spaces; the hub's own may always.",
    )
    max_tokens: int = Field(2_000, ge=100, description="Largest GraphQL document, in lexical tokens.")
    max_depth: int = Field(16, ge=2, description="Deepest nesting of fields in a GraphQL document.")
    max_aliases: int = Field(100, ge=0, description="Most aliases in a GraphQL document.")
    max_root_fields: int = Field(
        20, ge=1, description="Most root fields of an operation, its fragments opened."
    )
    max_directives: int = Field(50, ge=0, description="Most directives in a GraphQL document.")
    max_fields: int = Field(
        5_000,
        ge=100,
        description="Most fields of a GraphQL document, its fragments opened; one with fields of its own counts ten times.",
    )
    max_field_comparisons: int = Field(
        5_000, ge=100, description="Most pairs of fields of one name that validation compares."
    )
    max_cost: int = Field(
        100_000, ge=100, description="Most an operation may cost, as estimated before it runs."
    )
    max_page_size: int = Field(
        1_000, ge=1, description="Largest `first`/`last` of a connection or of the feed."
    )
    default_page_size: int = Field(
        50, ge=1, description="Rows of a connection when `first` and `last` are absent."
    )
    document_cache_size: int = Field(1_000, ge=1, description="Compiled GraphQL documents one process keeps.")
    document_cache_bytes: int = Field(
        64_000_000,
        ge=1_000_000,
        description="Memory, by estimate, of the compiled documents and plans one process keeps.",
    )

    # ── streams: what is deferred, subscriptions, WebSockets ──────────────────────────────────────────
    feed_stall: float = Field(
        60.0,
        gt=0,
        description="Seconds a reader of `/feeds/conditionality` may take for 64 KB before it is hung up on, and the hub for an answer of known length.",
    )
    stream_silence: float = Field(
        12.0,
        gt=0,
        description="Seconds without an event after which a stream of server-sent events gets a comment, so that nothing between takes it for dead.",
    )
    socket_init_timeout: float = Field(
        5.0,
        gt=0,
        le=60,
        description="Seconds a WebSocket may wait before `connection_init`; then it is closed with 4408.",
    )
    max_operations_per_socket: int = Field(
        100, ge=1, description="Operations under way at once on one WebSocket."
    )
    max_sockets: int = Field(1_000, ge=1, description="WebSockets one hub process holds open.")
    max_subscriptions: int = Field(
        1_000, ge=1, description="Subscriptions one hub process serves, over whatever transport."
    )
    max_waiting_sockets_per_address: int = Field(
        50,
        ge=1,
        description="WebSockets of one address that have not been acknowledged; of all addresses a quarter of `SNODO_MAX_SOCKETS`.",
    )
    max_sockets_per_consumer: int = Field(
        200, ge=1, description="WebSockets of one consumer among them; of one citizen at most 5."
    )
    max_subscriptions_per_consumer: int = Field(
        200, ge=1, description="Subscriptions of one consumer among them; of one citizen at most 5."
    )

    # ── how often: calls counted, for all hub processes together ──────────────────────────────────────
    calls_per_minute: int = Field(
        6_000, ge=1, description="Calls of one purpose in a minute, where it has no limit of its own."
    )
    calls_per_day: int = Field(
        1_000_000,
        ge=1,
        description="Calls of one consumer in a day of Europe/Rome, where it has no limit of its own: `dailyCallsPerConsumer` of the e-service.",
    )
    calls_per_day_in_all: int | None = Field(
        None,
        ge=1,
        description="Calls of all consumers in a day together: `dailyCallsTotal` of the e-service; citizens do not count in it.",
    )
    citizen_calls_per_minute: int = Field(60, ge=1, description="Calls of one citizen in a minute.")
    citizen_calls_per_day: int = Field(2_000, ge=1, description="Calls of one citizen in a day.")
    failed_authentications_per_minute: int = Field(
        60,
        ge=1,
        description="Refused vouchers of one address in a minute, in one process; then only vouchers are heard from it that were let in when they last came.",
    )
    trusted_proxies: str | None = Field(
        None,
        description="Reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: addresses or networks, apart by spaces; `unix` for a Unix socket.",
    )

    # ── who asks: vouchers of PDND ────────────────────────────────────────────────────────────────────
    pdnd_issuer: str = Field(
        "interop.pagopa.it",
        description="Expected `iss` of a voucher. The production literal is of medium confidence: check it against a voucher of yours.",
    )
    pdnd_jwks: str | None = Field(
        None,
        description="PDND's public keys: an http(s) URL or a file's path; when absent, the data directory's simulated PDND: in demo, and in development on the embedded server.",
    )
    audience: str = Field(
        "https://snodo.example/graphql",
        description="The hub's audience as registered on PDND; a voucher's `aud` must contain it.",
    )
    public_url: str | None = Field(
        None,
        description="Address of `/graphql` as clients see it, which the `htu` of a DPoP proof must name; when absent, the audience.",
    )
    proof_life: float = Field(
        60.0,
        gt=0,
        le=600,
        description="Seconds from its `iat` for which a DPoP proof is taken, once; the difference of clocks is added.",
    )
    eservice_id: str | None = Field(
        None, description="The hub's e-service id; a voucher that names another is refused."
    )
    producer_id: str | None = Field(
        None,
        description="The hub's organisation id on PDND; a voucher that names another producer is refused.",
    )
    descriptor_id: str | None = Field(
        None, description="The e-service version's id; a voucher that names another is refused."
    )
    require_eservice_claims: bool = Field(
        False,
        description="Refuse vouchers without producerId, consumerId, eserviceId and descriptorId (PDND adds them behind a feature flag).",
    )
    clock_skew: float = Field(
        5.0,
        ge=0,
        le=300,
        description="Seconds the times in a voucher or a proof may differ from the hub's clock.",
    )
    jwks_refresh: float = Field(
        30.0, ge=1, description="Least seconds between two fetches of the keys after an unknown `kid`."
    )

    client_keys: Path | None = Field(
        None,
        description="Consumers' public keys, to verify what they sign: a JWK Set with a `clientId` for each key; for who has no access to PDND's API.",
    )
    pdnd_api_url: str | None = Field(
        None,
        description="PDND's API, version included (`https://api.interop.pagopa.it/v3`), where consumers' keys are looked up.",
    )
    pdnd_api_signed: bool = Field(
        True,
        description="Whether an answer of PDND's API must be signed by one of the keys of SNODO_PDND_JWKS.",
    )
    m2m_client_id: str | None = Field(
        None, description="The hub's PDND client for that API; another one than SNODO_CLIENT_ID."
    )
    m2m_client_key_file: Path | None = Field(
        None, description="PEM file of the RSA key registered on PDND for that client."
    )
    client_key_age: float = Field(
        300.0,
        gt=0,
        le=86_400,
        description="Seconds a consumer's key is used without asking PDND again: one that was deleted verifies no longer than that.",
    )
    demands: str | None = Field(
        None,
        description="What is demanded of an agency that is registered without saying so, apart by spaces: EVIDENCE, SIGNATURE, DPOP, SINGLE_USE, SIGNED_ANSWERS.",
    )
    signing_key_file: Path | None = Field(
        None,
        description="PEM file of the RSA key the hub signs answers with, for agencies with SIGNED_ANSWERS; a new file in its place is taken within two seconds.",
    )
    signing_key_id: str | None = Field(
        None, description="`kid` of that key on PDND; when absent, its thumbprint (RFC 7638)."
    )

    # ── who asks: citizens with an OIDC token (SPID, CIE) ─────────────────────────────────────────────
    citizen_issuer: str | None = Field(
        None,
        description="Expected `iss` of citizens' access tokens: an identity provider of a ministry or a region; when absent, citizens are not let in.",
    )
    citizen_audience: str | None = Field(
        None,
        description="What `aud` of their tokens must contain: the hub, as that identity provider calls it.",
    )
    citizen_jwks: str | None = Field(
        None, description="The identity provider's public keys: an http(s) URL or a file's path."
    )
    citizen_algorithms: str = Field(
        "RS256 ES256", description="Algorithms its signatures may be of, apart by spaces: RS256, ES256."
    )
    citizen_token_types: str = Field(
        "at+jwt",
        description="What `typ` of their tokens may be, apart by spaces: at+jwt as RFC 9068 says; JWT where the identity provider writes that.",
    )
    citizen_fiscal_code_claim: str = Field(
        "https://attributes.eid.gov.it/fiscal_number",
        description="The claim that holds the fiscal code, with `TINIT-` before it or without. The default is SPID's and CIE's attribute (high confidence); that an access token carries it is for the identity provider to arrange.",
    )
    citizen_level_claim: str = Field(
        "acr", description="The claim that holds how surely the citizen was identified (level of assurance)."
    )
    citizen_levels: str = Field(
        "https://www.spid.gov.it/SpidL2 https://www.spid.gov.it/SpidL3",
        description="Its values that are enough, apart by spaces; any other is too low. The default is level 2 and 3 of SPID and CIE, which write the same URIs in OIDC (high confidence); a regional proxy may have its own.",
    )
    citizen_token_life: float = Field(
        3_600.0, gt=0, le=86_400, description="Longest life of their tokens, in seconds from `iat` to `exp`."
    )
    count_rounding: int = Field(
        5,
        ge=3,
        le=10,
        description="Counts of people are rounded to a multiple of this for callers who see no person (scope AGGREGATE).",
    )

    # ── the services of before PDND ───────────────────────────────────────────────────────────────────
    soap_file: Path | None = Field(
        None,
        description="TOML file of the SOAP services' clients and codes (docs/how-to/serve-old-clients.md); when absent, there are none.",
    )
    certificate_proxies: str | None = Field(
        None,
        description="Gateways whose `Client-Cert` is believed at the SOAP services, written as SNODO_TRUSTED_PROXIES: those alone that verify certificates and remove every `Client-Cert` that reaches them.",
    )

    # ── the access log ────────────────────────────────────────────────────────────────────────────────
    access_log_months: int | None = Field(
        None,
        ge=24,
        description="Months the access log is kept after the month a line is of; older ones are dropped whole. Absent: for ever. The database refuses less than its own least, 24.",
    )

    # ── the ledger ────────────────────────────────────────────────────────────────────────────────────
    sequencer: bool = Field(True, description="Whether `snodo serve` competes for the sequencer's lock.")
    worker_metrics_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port on loopback at which `snodo worker` tells `/metrics`; 0 takes a free one; absent: it does not.",
    )
    sequencer_interval: float = Field(
        0.025, gt=0, le=5, description="Seconds between two looks for events that wait for their position."
    )
    checkpoint_key_file: Path | None = Field(
        None,
        description="PEM file of the Ed25519 key the feed's checkpoints are signed with; when absent, none are made.",
    )
    checkpoint_interval: float = Field(
        1.0, gt=0, le=3_600, description="Least seconds between two checkpoints of the feed."
    )
    feed_origin: str = Field(
        "snodo.example/feeds/conditionality",
        description="The feed's name in its checkpoints, and their signer's: an address of yours without a scheme; it stays for ever.",
        pattern=r"^[!-*,-~]{1,200}$",
    )
    feed_poll_interval: float = Field(
        5.0,
        gt=0,
        le=60,
        description="Seconds between two looks at the feed for its followers, while the connection on which the sequencer's word comes is lost; and between two looks whether it is.",
    )
    event_clock_tolerance: float = Field(
        60.0,
        ge=0,
        description="Seconds an event may lie ahead of the hub's clock before it counts as in the future.",
    )
    wire_codes: Path | None = Field(
        None,
        description="CSV file of what the codes of older systems mean, in place of the shipped one; see docs/reference/wire-codes.md.",
    )
    withdrawal_days: int = Field(
        10,
        ge=0,
        le=366,
        description="Days after that of its recording, of Europe/Rome, on which an event may be withdrawn. Ten is what a regional system had for the RdC; unverified as a rule, and for the other measures.",
    )

    # ── calling agencies ──────────────────────────────────────────────────────────────────────────────
    client_id: str | None = Field(
        None, description="The hub's own PDND client id, to ask for vouchers as a consumer."
    )
    client_key_file: Path | None = Field(
        None, description="PEM file of the RSA key registered on PDND for that client."
    )
    pdnd_token_url: str | None = Field(None, description="PDND's token endpoint.")
    pdnd_assertion_audience: str = Field(
        "auth.interop.pagopa.it/client-assertion", description="`aud` of the client assertion; no scheme."
    )
    user_location: str = Field(
        "snodo", description="`userLocation` of the tracking evidence when the caller presents none."
    )
    call_deadline: float = Field(
        5.0, gt=0, description="Seconds one federated field may take in all, retries included."
    )
    call_timeout: float = Field(2.0, gt=0, description="Seconds of one attempt.")
    call_concurrency: int = Field(16, ge=1, description="Simultaneous calls per agency (bulkhead).")
    call_max_bytes: int = Field(
        5_000_000, ge=1_000, description="Largest answer taken from an agency, in bytes."
    )
    call_traceparent: bool = Field(
        False,
        description="Whether calls carry `traceparent` (W3C Trace Context): for agencies that agreed to it.",
    )
    ca_file: Path | None = Field(
        None,
        description="PEM file of authorities whose certificates are trusted beside the system's when an agency is called, or a hub by `snodo doctor --hub`.",
    )
    stale_answer_age: float = Field(
        86_400.0,
        ge=0,
        le=31_536_000,
        description="Oldest answer, in seconds, given again: as STALE when the agency does not answer, as CACHED to who asks with `maxAge`; 0 never.",
    )
    anpr_url: str | None = Field(None, description="Base URL of ANPR's services, before `/Cxxx-…/v1`.")
    anpr_audience: str | None = Field(
        None, description="Base of the audience of ANPR's Agid JWTs: not the URL (no `-PDND` segment)."
    )
    anpr_purpose_id: str | None = Field(
        None,
        description="PDND purpose for ANPR: one, or one for each use case (`C020=…,C021=…,C030=…`, and others as they are agreed).",
    )
    anpr_record_types: str | None = Field(
        None,
        description="What each `tipoScheda` of ANPR's history of registrations means, which it does not publish: `CODE=RESIDENTS` or `CODE=ABROAD` (AIRE), by commas. A registration of another code proves nothing.",
    )
    anpr_certificate_file: Path | None = Field(
        None,
        description="PEM file of the TLS certificate shown to ANPR, with its chain and its key; when absent, none is.",
    )
    inps_url: str | None = Field(None, description="Base URL of INPS's services for the hub.")
    inps_audience: str | None = Field(None, description="Audience of INPS's e-service.")
    inps_purpose_id: str | None = Field(None, description="PDND purpose for INPS.")
    inps_isee_url: str | None = Field(None, description="Address of INPS's ConsultazioneISEE (SOAP).")
    inps_isee_audience: str | None = Field(None, description="Audience of that e-service.")
    inps_isee_purpose_id: str | None = Field(None, description="PDND purpose for it.")
    inps_isee_user_id: str | None = Field(
        None, description="`UserId` in the SOAP header, as INPS gave it to the hub."
    )
    inps_isee_office_code: str | None = Field(None, description="`CodiceUfficio` beside it.")
    inps_certificate_file: Path | None = Field(
        None,
        description="PEM file of the TLS certificate shown to INPS, with its chain and its key; when absent, none is.",
    )
    regions: Path | None = Field(
        None,
        description="Folder with one TOML file for each region: reached by REST over PDND or by application cooperation, one that sends files, or one that has no labour system of its own (docs/reference/regions.md).",
    )
    region_code: str | None = Field(
        None,
        description="ISTAT code of the one region by REST that is named here, and not by a file in SNODO_REGIONS.",
    )
    region_url: str | None = Field(None, description="Base URL of that region's labour system (REST).")
    region_audience: str | None = Field(None, description="Audience of that region's e-service.")
    region_purpose_id: str | None = Field(None, description="PDND purpose for that region.")
    region_certificate_file: Path | None = Field(
        None,
        description="PEM file of the TLS certificate shown to that region, with its chain and its key; when absent, none is.",
    )
