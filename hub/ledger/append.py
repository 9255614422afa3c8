# SPDX-License-Identifier: EUPL-1.2
"""The SQL of recording events: whose each is, what speaks against it, and what is written. One text for one event and for a thousand.

    given      what is to be recorded: a row for each event (`hub.store.given`)
    judged     each with its person, household and pact, and the first rule it breaks, if any (`refusal`)
    claimed    the idempotency keys of those that break none
    recorded   the events whose keys were not used before
    documents  the evidence they were recorded with (`hub.ledger.evidence`)
    queued     their messages to the sequencer

Nothing is written of an event unless all of it is. No `recorded` row comes of one whose key was used, or that is refused:
`examine` says which.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from sqlalchemy import (
    CTE,
    JSON,
    Boolean,
    ColumnElement,
    FromClause,
    LargeBinary,
    Select,
    Text,
    all_,
    and_,
    bindparam,
    case,
    cast,
    column,
    exists,
    false,
    func,
    insert,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.types import Integer, TypeEngine

from hub.ledger.expressions import day_of, word
from hub.ledger.refusals import RefusalCode
from hub.store.base import table_of
from hub.store.given import Given, required
from hub.store.statement import Statement
from hub.store.tables import (
    Beneficiary,
    Benefit,
    ConditionalityEvent,
    EventEvidence,
    Household,
    IdempotencyKey,
    OutboxMessage,
    Pact,
)
from hub.store.vocabulary import BenefitStatus

FEED_TOPIC = "feed"
"""The outbox topic of events that wait for their position."""

_key = table_of(IdempotencyKey)
_event = table_of(ConditionalityEvent)
_evidence = table_of(EventEvidence)
_outbox = table_of(OutboxMessage)
_person = table_of(Beneficiary)
_household = table_of(Household)
_benefit = table_of(Benefit)
_pact = table_of(Pact)


def _bound_as(table: FromClause, name: str) -> TypeEngine[Any]:
    """The type a value of this column is bound as: a word as the text it is, since the command has checked it."""
    kind = table.c[name].type
    return Text() if getattr(kind, "enums", None) else LargeBinary() if name == "input_hash" else kind


SAID = (
    "agency_id",
    "type",
    "occurred_at",
    "client_id",
    "purpose_id",
    "operator",
    "pact_id",
    "note",
    "justified_reason",
)
"""Columns of an event that its recorder says."""
CLAIM = ("agency_id", "operation", "key", "input_hash")
"""The columns of an idempotency key."""
RULED: Mapping[str, TypeEngine[Any]] = {
    "rule_measures": Text(),
    "rule_pacts": Text(),
    "rule_follows_signature": Boolean(),
    "rule_may_precede_benefit": Boolean(),
}
"""What `EVENT_RULES` says of the event's type, as far as the tables have to be asked; words are parted by blanks."""
RECORDER = ("agency_id", "operation", "client_id", "purpose_id", "operator")
"""What is the same in all events of one batch."""
COMMANDED: Mapping[str, TypeEngine[Any]] = {
    **{name: _bound_as(_event, name) for name in SAID},
    **{name: _bound_as(_key, name) for name in CLAIM},
    "fiscal_code": Text(),
    "evidence": Text(),
    **RULED,
}
"""What a command binds, beside the reach's own values."""
WRITES = frozenset((_key.name, _event.name, _evidence.name, _outbox.name))
"""The tables a recording writes to."""

PERSON = {
    "beneficiary_id": _person.c.id,
    "household_id": _person.c.household_id,
    "fiscal_code": _person.c.fiscal_code,
    "inps_protocol": _household.c.inps_protocol,
    "measure": _household.c.measure,
}
"""What an event keeps of its person, by the event's own columns."""


class Reach(Protocol, Hashable):
    """Which people a recorder may record about; equal reaches share one statement."""

    def covers(self, row: FromClause) -> ColumnElement[bool]:
        """The condition under which `row`, of table `beneficiary`, is within reach."""

    def covers_event(self, row: FromClause) -> ColumnElement[bool]:
        """The condition under which `row`, of table `conditionality_event`, is."""


@dataclass(frozen=True)
class Everyone:
    """The reach of the hub itself, and of an agency about what it sent before."""

    def covers(self, _row: FromClause) -> ColumnElement[bool]:
        """See `Reach`."""
        return true()

    def covers_event(self, _row: FromClause) -> ColumnElement[bool]:
        """See `Reach`."""
        return true()


@dataclass(frozen=True)
class Appended:
    """What a statement writes: the rows of the events, all their columns, by the keys given; and what goes with them."""

    event: CTE
    beside: tuple[CTE, ...]
    """Their documents, and the messages that have them sequenced."""


def append(given: Given, reach: Reach) -> Appended:
    """Record what is given, where nothing speaks against it. Of many, no two may have the same key, or be the same fact."""
    judged = _judged(given, reach).cte("judged")
    # NOTE a CASE: of `IS NULL` PostgreSQL expects one row in two hundred, and would look for each of a thousand among all of them.
    fit = case((judged.c.refusal.is_(None), true()), else_=false())
    claim = select(*(judged.c[name] for name in CLAIM), judged.c.id).where(fit)
    claimed = (
        pg_insert(_key)
        .from_select(
            [*CLAIM, "result_id"],
            claim.order_by(judged.c.key) if given.many else claim,
            include_defaults=False,
        )
        .on_conflict_do_nothing()
        .returning(_key.c.result_id)
        .cte("claimed")
    )
    event = select(judged.c.id, *(judged.c[name] for name in (*SAID, *PERSON)), judged.c.edition).join_from(
        judged, claimed, claimed.c.result_id == judged.c.id
    )
    if given.many:
        # NOTE whoever records many takes all keys first, then all facts, both in one order: within a round no two wait for each other.
        event = event.order_by(judged.c.beneficiary_id, judged.c.type, judged.c.occurred_at)
    recorded = (
        insert(_event)
        .from_select(["id", *SAID, *PERSON, "edition"], event, include_defaults=False)
        .returning(*_event.c)
        .cte("recorded")
    )
    message = select(bindparam("topic", FEED_TOPIC, type_=Text), recorded.c.id)
    queued = (
        insert(_outbox)
        .from_select(
            ["topic", "subject_id"],
            # By their keys, which were made in the order they were given: the feed has them in it.
            message.order_by(recorded.c.id) if given.many else message,
            include_defaults=False,
        )
        .cte("queued")
    )
    return Appended(recorded, (_documents(given, recorded), queued))


def _documents(given: Given, recorded: CTE) -> CTE:
    """The documents of what was recorded, written; of each event they come as JSON (`hub.ledger.evidence.listed`)."""
    listed = (
        func.json_array_elements(cast(given["evidence"], JSON))
        .table_valued(column("said", JSON()), with_ordinality="ordinal", name="listed")
        .render_derived(name="listed")
    )
    sha256, *said = (
        listed.c.said.op("->>", return_type=Text())(literal_column(str(place), Integer()))
        for place in range(4)
    )
    return (
        insert(_evidence)
        .from_select(
            ["event_id", "ordinal", "sha256", "media_type", "reference", "title"],
            select(
                recorded.c.id, listed.c.ordinal, func.decode(sha256, literal_column("'hex'")), *said
            ).select_from(given.rows.join(recorded, recorded.c.id == given["id"]).join(listed, true())),
            include_defaults=False,
        )
        .cte("documents")
    )


def _judged(given: Given, reach: Reach) -> Select[Any]:
    """Each row with what is kept of it, its person, the code of the first rule it breaks, and the edition of the fact it would be."""
    benefit, before = _benefit.alias("present"), _recorded_before(given)
    day = day_of(given["occurred_at"])
    pact_is_theirs = or_(
        _pact.c.beneficiary_id == _person.c.id,
        and_(_pact.c.beneficiary_id.is_(None), _pact.c.household_id == _person.c.household_id),
    )
    refusal = case(
        (_person.c.id.is_(None), word(RefusalCode.PERSON_NOT_FOUND)),
        (
            cast(_household.c.measure, Text) != _any_word(given["rule_measures"]),
            word(RefusalCode.TYPE_NOT_OF_MEASURE),
        ),
        (
            and_(given["pact_id"].is_not(None), pact_is_theirs.is_not(true())),
            word(RefusalCode.PACT_NOT_FOUND),
        ),
        (
            cast(_pact.c.kind, Text) != _any_word(given["rule_pacts"]),
            word(RefusalCode.PACT_OF_ANOTHER_KIND),
        ),
        (
            and_(
                given["rule_follows_signature"],
                _pact.c.id.is_not(None),
                or_(_pact.c.signed_on.is_(None), day < _pact.c.signed_on),
            ),
            word(RefusalCode.BEFORE_PACT),
        ),
        (before.c.times > before.c.withdrawn, word(RefusalCode.ALREADY_RECORDED)),
        else_=_against_benefit(given, day, benefit),
    )
    return (
        select(
            given["ord"],
            given["id"],
            *(given[name] for name in dict.fromkeys((*SAID, *CLAIM))),
            *(column.label(name) for name, column in PERSON.items()),
            refusal.label("refusal"),
            (before.c.times + literal_column("1", Integer())).label("edition"),
        )
        .select_from(given.rows)
        .outerjoin(
            _person, and_(_person.c.fiscal_code == given["fiscal_code"], given.within(reach.covers(_person)))
        )
        .outerjoin(_household, _household.c.id == _person.c.household_id)
        .outerjoin(benefit, benefit.c.id == _household.c.benefit_id)
        .outerjoin(_pact, _pact.c.id == given["pact_id"])
        .join(before, true())
    )


def _recorded_before(given: Given) -> FromClause:
    """How often the fact was recorded before, and how often that was withdrawn."""
    earlier, withdrawal = _event.alias("earlier"), _event.alias("withdrawal")
    fact = [tuple_(earlier.c.type, earlier.c.occurred_at), tuple_(given["type"], given["occurred_at"])]
    return (
        select(
            func.count().label("times"),
            func.count(withdrawal.c.id).label("withdrawn"),
        )
        .select_from(earlier.outerjoin(withdrawal, withdrawal.c.withdraws_event_id == earlier.c.id))
        # NOTE not `=`: at nine in the morning thousands are convened, and PostgreSQL might look for the person among all of them.
        .where(earlier.c.beneficiary_id == _person.c.id, fact[0] >= fact[1], fact[0] <= fact[1])
        .lateral("before")
    )


def _any_word(words: ColumnElement[Any]) -> Any:
    """All of the words parted by blanks, to be compared with `!=`: whether it is none of them."""
    return all_(func.string_to_array(words, literal_column("' '", Text()), type_=ARRAY(Text())))


def _against_benefit(given: Given, day: ColumnElement[Any], present: FromClause) -> ColumnElement[Any]:
    """What the household's benefits say against the day; null where one covers it.

    The usual one is the present, found by its key: only where that does not cover the day, the others are looked at.
    """
    other = _benefit.alias("other")
    of_household = other.c.household_id == _household.c.id

    def stands(benefit: FromClause) -> ColumnElement[bool]:
        """It was not taken back, nor has it ended on a day nobody has told."""
        over = benefit.c.status.in_([word(BenefitStatus.FORFEITED), word(BenefitStatus.ENDED)])
        return and_(
            benefit.c.status != word(BenefitStatus.REVOKED), ~and_(over, func.upper_inf(benefit.c.period))
        )

    def covers(benefit: FromClause) -> ColumnElement[bool]:
        return and_(benefit.c.period.op("@>")(day), stands(benefit))

    begun = func.lower(other.c.period) <= day
    return case(
        (covers(present), None),
        (exists().where(of_household, covers(other)), None),
        (~exists().where(of_household, stands(other)), word(RefusalCode.NO_ACTIVE_BENEFIT)),
        (exists().where(of_household, stands(other), begun), word(RefusalCode.AFTER_BENEFIT)),
        (~given["rule_may_precede_benefit"], word(RefusalCode.BEFORE_BENEFIT)),
        else_=None,
    )


def given_many(reach: Reach) -> Given:
    """Many events of one recorder."""
    kinds = kinds_of(reach)
    return Given(kinds, many=True, shared={*RECORDER, *(kinds.keys() - COMMANDED.keys())})


def kinds_of(reach: Reach) -> dict[str, TypeEngine[Any]]:
    """What is bound for each event: what the command says, and the reach's own values but arrays, which all share."""
    return {**COMMANDED, **required(reach.covers(_person))}


@cache
def examine(reach: Reach) -> Statement:
    """For each of the events given, why it is refused, its person, and what its key was used for.

    `ord, refusal, beneficiary_id, input_hash, result_id, told`: the last of whom the earlier event under this key is.
    """
    judged = _judged(given_many(reach), reach).subquery("judged")
    claimed = and_(*(_key.c[name] == judged.c[name] for name in ("agency_id", "operation", "key")))
    return Statement(
        select(
            judged.c.ord,
            judged.c.refusal,
            judged.c.beneficiary_id,
            _key.c.input_hash,
            _key.c.result_id,
            _event.c.beneficiary_id.label("told"),
        )
        .select_from(judged)
        .outerjoin(_key, claimed)
        .outerjoin(_event, _event.c.id == _key.c.result_id)
        .order_by(judged.c.ord)
    )


@cache
def append_one(reach: Reach) -> Statement:
    """One event, recorded and not read back: its key, or no row."""
    appended = append(Given(kinds_of(reach), many=False), reach)
    return Statement(select(appended.event.c.id).add_cte(*appended.beside))


@cache
def append_many(reach: Reach) -> Statement:
    """Many events of one recorder, recorded and not read back: `ord, id, beneficiary_id` of each that was, in no order."""
    given = given_many(reach)
    appended = append(given, reach)
    event = appended.event
    return Statement(
        select(given["ord"], event.c.id, event.c.beneficiary_id)
        .join_from(given.rows, event, event.c.id == given["id"])
        .add_cte(*appended.beside)
    )
