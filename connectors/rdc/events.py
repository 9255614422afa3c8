# SPDX-License-Identifier: EUPL-1.2
"""EventiCondizionalitaRDC: a centre's system sends conditionality events, and takes them back, as it did with the national platform.

An event is its centre, code, person, protocol and days (domain.md 3.2, high confidence): sent again, with whatever note, it is the same
event, and recorded once. To delete one is to withdraw it: by a new event, that names it. What may be recorded about whom, and withdrawn by
whom until when, is the ledger's to say.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
from lxml import etree

from connectors.rdc.fields import leaves
from connectors.rdc.outcomes import Outcome, outcome_of
from connectors.soap import Ask, NotAnswered, element
from connectors.soap.envelope import Element
from hub.access.operator import Operator
from hub.ledger.refusals import RefusalCode
from hub.ledger.wire_codes import Unmapped, WireCodes, WireTable
from hub.store.fiscal_code import InvalidFiscalCode, parse_fiscal_code
from hub.store.vocabulary import ConditionalityEventType

TYPES: Final = "http://servizi.lavoro.gov.it/EventiCondizionalitaRDC/types"
_LOAD = f"{{{TYPES}}}loadEventiCondizionalitaRDC"
_DELETE = f"{{{TYPES}}}deleteEventiCondizionalitaRDC"
_FIELDS = (
    "cod_cpi",
    "cod_evento",
    "cod_fiscale",
    "cod_fiscale_ope",
    "cod_protocollo_inps",
    "dtt_domanda",
    "dtt_evento",
)
_NOTE = "txt_note"
_CENTRE = re.compile(r"[A-Z][0-9]{3}C[0-9]{6}", re.ASCII)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII)
ROME = ZoneInfo("Europe/Rome")
"""Where a clock stands that says no offset."""
ASSURANCE: Final = "not stated"
"""How surely the person at the desk was identified: the service has no word for it."""

APPLICATION: Final = """
query loadEventiCondizionalitaRDC_domanda($codFiscale: FiscalCode!) {
  beneficiary(fiscalCode: $codFiscale) { household { inpsProtocol } }
}
"""
RECORD: Final = """
mutation loadEventiCondizionalitaRDC($input: RecordConditionalityEventInput!) {
  recordConditionalityEvent(input: $input) { event { id withdrawnBy { id } } userErrors { code message } }
}
"""
MOST_OF_A_DAY: Final = 2
"""Events that are looked for where one is to be withdrawn: of two nobody says which."""
FIND: Final = """
query deleteEventiCondizionalitaRDC_evento(
  $codFiscale: FiscalCode!, $types: [ConditionalityEventType!]!, $from: DateTime!, $before: DateTime!, $most: Int!
) {
  beneficiary(fiscalCode: $codFiscale) {
    household { inpsProtocol }
    conditionalityEvents(filter: { types: $types, occurredFrom: $from, occurredBefore: $before }, first: $most) {
      nodes { id withdrawnBy { id } }
    }
  }
}
"""
WITHDRAW: Final = """
mutation deleteEventiCondizionalitaRDC($input: WithdrawConditionalityEventInput!) {
  withdrawConditionalityEvent(input: $input) { withdrawal { id } userErrors { code message } }
}
"""
DONE: Final = "Evento acquisito."
WITHDRAWN: Final = "Evento annullato."
REASON: Final = "Annullato dal centro per l'impiego {centre} (deleteEventiCondizionalitaRDC)."
NO_EVENT: Final = "There is no such event of this person on this day."
TAKEN_BACK: Final = "This event was recorded and then withdrawn; where it is to stand all the same, record it by the mutation, with a new key."
SEVERAL: Final = "There are several such events of this person on this day, and a day does not say which: withdraw one by its id."
NOBODY: Final = "Nessun beneficiario con questo codice fiscale."
OTHER_PROTOCOL: Final = "cod_protocollo_inps is not the protocol of this person's household."
NOT_RECORDED: Final[Mapping[Unmapped, str]] = MappingProxyType(
    {
        Unmapped.UNKNOWN: "There is no such cod_evento.",
        Unmapped.NOT_ESTABLISHED: "What this cod_evento means is published nowhere, and is not configured here.",
        Unmapped.NO_EVENT: "This cod_evento says nothing that bears on a benefit: there is nothing to record.",
    }
)
"""Why an event of some code is not recorded."""


@dataclass(frozen=True, slots=True)
class LoadedEvent:
    """A request, read. The moments are in UTC."""

    centre: str
    code: str
    fiscal_code: str
    operator: str
    protocol: str
    applied_at: datetime
    occurred_at: datetime
    note: str | None

    @property
    def key(self) -> str:
        """The idempotency key: the same for what is the same event."""
        same = [self.centre, self.code, self.fiscal_code, self.protocol, self.applied_at, self.occurred_at]
        return f"EventiCondizionalitaRDC-{hashlib.sha256(orjson.dumps(same)).hexdigest()}"


@dataclass(frozen=True, slots=True)
class DeletedEvent:
    """A request to delete an event, read. `occurred_on`: the day, by the clock of Europe/Rome."""

    centre: str
    code: str
    fiscal_code: str
    operator: str
    protocol: str
    occurred_on: date

    @property
    def hours(self) -> tuple[datetime, datetime]:
        """When its day begins, and when it has ended."""
        midnight = datetime.combine(self.occurred_on, time(), ROME)
        return midnight, midnight + timedelta(days=1)  # by the calendar: a day may have 23 hours


class EventService:
    """See `connectors.soap.SoapService`."""

    path = "EventiCondizionalitaRDC"
    documents: Sequence[str] = (APPLICATION, RECORD, FIND, WITHDRAW)
    operations: Mapping[str, str] = MappingProxyType(
        {_LOAD: "loadEventiCondizionalitaRDC", _DELETE: "deleteEventiCondizionalitaRDC"}
    )

    def __init__(self, codes: WireCodes) -> None:
        self._codes = codes

    async def answer(self, payload: Element, ask: Ask) -> Element:
        """See `SoapService.answer`."""
        sent = read_event(payload) if payload.tag == _LOAD else read_deletion(payload)
        kind = self._codes.event_type_of(WireTable.RDC_EVENT, sent.code)
        if isinstance(kind, Unmapped):
            return _answer(payload, Outcome.EVENT, NOT_RECORDED[kind])
        operator = Operator(sent.operator, sent.centre, ASSURANCE)
        if isinstance(sent, LoadedEvent):
            return _answer(payload, *await _load(sent, kind, operator, ask))
        return _answer(payload, *await _delete(sent, kind, operator, ask))

    def outcome(self, payload: Element, code: str, sentence: str) -> Element:
        """See `SoapService.outcome`."""
        return _answer(payload, outcome_of(code), sentence)


async def _load(
    sent: LoadedEvent, kind: ConditionalityEventType, operator: Operator, ask: Ask
) -> tuple[Outcome, str]:
    person = (await ask(APPLICATION, {"codFiscale": sent.fiscal_code}, operator))["beneficiary"]
    if person is None:
        return Outcome.FISCAL_CODE, NOBODY
    if person["household"]["inpsProtocol"] != sent.protocol:
        return Outcome.INPUT, OTHER_PROTOCOL
    done = (await ask(RECORD, {"input": _input(sent, kind)}, operator))["recordConditionalityEvent"]
    if done["event"] is None:
        return _refused(done["userErrors"])
    # NOTE the key is made of the event, and a late repetition must not revive what was deleted: nothing stands, and so it is said.
    return (Outcome.DONE, DONE) if done["event"]["withdrawnBy"] is None else (Outcome.EVENT, TAKEN_BACK)


async def _delete(
    sent: DeletedEvent, kind: ConditionalityEventType, operator: Operator, ask: Ask
) -> tuple[Outcome, str]:
    begins, ends = (moment.isoformat() for moment in sent.hours)
    of_day = {"types": [kind.value], "from": begins, "before": ends, "most": MOST_OF_A_DAY}
    person = (await ask(FIND, {"codFiscale": sent.fiscal_code, **of_day}, operator))["beneficiary"]
    if person is None:
        return Outcome.FISCAL_CODE, NOBODY
    if person["household"]["inpsProtocol"] != sent.protocol:
        return Outcome.INPUT, OTHER_PROTOCOL
    events = person["conditionalityEvents"]["nodes"]
    # NOTE where all are withdrawn, this may be asked for again: the same key gives the first answer.
    events = [one for one in events if one["withdrawnBy"] is None] or events
    if len(events) != 1:
        return Outcome.EVENT, SEVERAL if events else NO_EVENT
    key = f"EventiCondizionalitaRDC-{events[0]['id']}"
    withdrawal = {
        "idempotencyKey": key,
        "event": events[0]["id"],
        "reason": REASON.format(centre=sent.centre),
    }
    done = (await ask(WITHDRAW, {"input": withdrawal}, operator))["withdrawConditionalityEvent"]
    return (Outcome.DONE, WITHDRAWN) if done["withdrawal"] is not None else _refused(done["userErrors"])


def read_event(payload: Element) -> LoadedEvent:
    """Read a request to load an event.

    Raises:
        NotAnswered: an element is missing, or has another form; names it, and not what is in it.

    """
    said = leaves(payload, TYPES, _FIELDS, [_NOTE])
    applied_at, occurred_at = _moment(said, "dtt_domanda"), _moment(said, "dtt_evento")
    return LoadedEvent(*_who(said), applied_at, occurred_at, said.get(_NOTE))


def read_deletion(payload: Element) -> DeletedEvent:
    """Read a request to delete an event. Raises as `read_event` does."""
    said = leaves(payload, TYPES, _FIELDS)
    _day(said, "dtt_domanda")  # it must be one; there is none to compare it with
    return DeletedEvent(*_who(said), _day(said, "dtt_evento"))


def _who(said: Mapping[str, str]) -> tuple[str, str, str, str, str]:
    """Centre, code, person, operator and protocol."""
    if not _CENTRE.fullmatch(said["cod_cpi"]):
        raise NotAnswered("cod_cpi is the code of a centre: a municipality's, C and six digits.")
    person, operator = _code(said, "cod_fiscale"), _code(said, "cod_fiscale_ope")
    return said["cod_cpi"], said["cod_evento"], person, operator, said["cod_protocollo_inps"]


def _code(said: Mapping[str, str], name: str) -> str:
    try:
        return parse_fiscal_code(said[name])
    except InvalidFiscalCode as error:
        raise NotAnswered(f"{name}: {error.message}") from None


def _moment(said: Mapping[str, str], name: str) -> datetime:
    text = said[name]
    try:
        if _MOMENT.fullmatch(text):
            found = datetime.fromisoformat(text)
            # NOTE in UTC: the same moment in another offset is the same event.
            return (found if found.tzinfo is not None else found.replace(tzinfo=ROME)).astimezone(UTC)
    except (
        ValueError,
        OverflowError,
    ):  # no day of the calendar, or in UTC one before the year 1 or after 9999
        pass
    raise NotAnswered(f"{name} is a day and a time (xs:dateTime).")


def _day(said: Mapping[str, str], name: str) -> date:
    found = _DAY.fullmatch(said[name])
    try:
        # NOTE the calendar's first and last have no midnight before them in UTC, or none after them.
        if found is not None and date.min < (day := date.fromisoformat(found[1])) < date.max:
            return day
    except ValueError:
        pass
    raise NotAnswered(f"{name} is a day (xs:date).")


def _input(sent: LoadedEvent, kind: ConditionalityEventType) -> dict[str, Any]:
    said = {
        "idempotencyKey": sent.key,
        "fiscalCode": sent.fiscal_code,
        "type": kind.value,
        "occurredAt": sent.occurred_at.isoformat(),
    }
    return said if sent.note is None else {**said, "note": sent.note}


def _refused(errors: Sequence[Mapping[str, Any]]) -> tuple[Outcome, str]:
    code, message = errors[0]["code"], errors[0]["message"]
    if code == RefusalCode.IDEMPOTENCY_KEY_REUSED:
        return (
            Outcome.EVENT,
            "This event was sent before, with another note or when its code meant something else: an event that was sent is not changed.",
        )
    return (Outcome.FISCAL_CODE if code == RefusalCode.PERSON_NOT_FOUND else Outcome.EVENT), message


def _answer(payload: Element, outcome: Outcome, message: str) -> Element:
    answer = etree.Element(f"{payload.tag}Response", nsmap={"types": TYPES})
    element(answer, "cod_esito", outcome.value)
    element(answer, "des_esito", message)
    return answer
