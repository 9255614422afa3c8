# SPDX-License-Identifier: EUPL-1.2
"""What a form must keep by itself, whatever the tables hold. Every broken rule is named, not the first alone.

Professions (CP2011) and contract types are long, dated tables of others, which the hub does not hold whole: their shape is checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from hub.opportunities.forms import PLACEMENT, CourseForm, Form, OfferForm, PlacementForm, Withdrawal
from hub.opportunities.refusals import PublicationRefusal
from hub.opportunities.refusals import PublicationRefusalCode as Code
from hub.store.fiscal_code import holds_fiscal_code
from hub.store.professions import PROFESSION

REFERENCE = r"[0-9A-Za-z][0-9A-Za-z._:-]{0,99}"
BELFIORE = r"[A-Z][0-9]{3}"
CONTRACT_TYPE = r"[A-Z]\.[0-9]{2}\.[0-9]{2}"
LONGEST_TEXT = 200
"""Characters."""
LONGEST_WEEK = Decimal(60)
"""Hours."""
HIGHEST_PAY = Decimal(100_000)
"""Gross euro a month: more is a year's, or a slip."""
MOST_PLACES = 100_000
LONGEST_COURSE = 10_000
"""Hours."""
EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)


UNKNOWN_PLACE = PublicationRefusal(
    Code.MUNICIPALITY_UNKNOWN, "No municipality has this Belfiore code.", ("municipality",)
)


def broken(form: Form | Withdrawal) -> list[PublicationRefusal]:
    """The rules a form breaks; none for one that may be published."""
    match form:
        case Withdrawal():
            return list(_reference(form.reference))
        case OfferForm():
            return [*_common(form), *_offer(form)]
        case PlacementForm():
            return [*_common(form), *_placement(form)]
        case CourseForm():
            return [*_common(form), *_course(form)]


def _common(form: Form) -> Iterator[PublicationRefusal]:
    yield from _reference(form.reference)
    yield from _text(form.title, "title")
    if not re.fullmatch(BELFIORE, form.municipality):
        yield UNKNOWN_PLACE
    if not 1 <= form.places <= MOST_PLACES:
        yield _refusal(Code.PLACES_OUT_OF_RANGE, f"There are 1 to {MOST_PLACES:,} places.", "places")


def _offer(form: OfferForm) -> Iterator[PublicationRefusal]:
    yield from _text(form.employer_name, "employerName")
    if not re.fullmatch(CONTRACT_TYPE, form.contract_type):
        yield _refusal(
            Code.CONTRACT_TYPE_INVALID,
            "A contract type is written as those of the mandatory communications: `A.02.00`.",
            "contractType",
        )
    elif form.contract_type == PLACEMENT:
        yield _refusal(
            Code.PLACEMENT_IS_NO_OFFER,
            f"Contract type {PLACEMENT} is a placement (tirocinio): publish it as one.",
            "contractType",
        )
    yield from _work(form, form.monthly_pay, "monthlyPay")


def _placement(form: PlacementForm) -> Iterator[PublicationRefusal]:
    yield from _text(form.host_name, "hostName")
    yield from _work(form, form.monthly_allowance, "monthlyAllowance")


def _work(form: OfferForm | PlacementForm, pay: Decimal | None, paid_as: str) -> Iterator[PublicationRefusal]:
    if form.profession_code is not None and not re.fullmatch(PROFESSION, form.profession_code):
        yield _refusal(
            Code.PROFESSION_CODE_INVALID,
            "A profession is a code of the CP2011, or its beginning: `5.2.2.3.2`.",
            "professionCode",
        )
    if not (0 < form.weekly_hours <= LONGEST_WEEK and _has_places(form.weekly_hours, 1)):
        yield _refusal(
            Code.HOURS_OUT_OF_RANGE,
            f"A week has more than 0 and at most {LONGEST_WEEK} hours, in tenths.",
            "weeklyHours",
        )
    if pay is not None and not (0 <= pay <= HIGHEST_PAY and _has_places(pay, 2)):
        yield _refusal(
            Code.PAY_OUT_OF_RANGE,
            f"It is euro a month, in cents: 0 to {HIGHEST_PAY:,}.",
            paid_as,
        )
    yield from _day(form.published_on, "publishedOn")
    if form.expires_on is not None:
        yield from _day(form.expires_on, "expiresOn")
        if form.expires_on < form.published_on:
            yield _refusal(Code.PERIOD_INVALID, "It expires before it is published.", "expiresOn")


def _course(form: CourseForm) -> Iterator[PublicationRefusal]:
    yield from _text(form.provider_name, "providerName")
    yield from _day(form.starts_on, "startsOn")
    yield from _day(form.ends_on, "endsOn")
    if form.ends_on < form.starts_on:
        yield _refusal(Code.PERIOD_INVALID, "The course ends before it starts.", "endsOn")
    if not 1 <= form.hours <= LONGEST_COURSE:
        yield _refusal(Code.HOURS_OUT_OF_RANGE, f"A course has 1 to {LONGEST_COURSE:,} hours.", "hours")
    if not 0 <= form.enrolled <= max(form.places, 0):
        yield _refusal(Code.PLACES_OUT_OF_RANGE, "0 people to as many as there are places.", "enrolled")


def _reference(reference: str) -> Iterator[PublicationRefusal]:
    if not re.fullmatch(REFERENCE, reference):
        yield _refusal(
            Code.REFERENCE_INVALID,
            "A reference has 1 to 100 ASCII letters, digits, dots, underscores, colons and dashes, and begins with a letter or a digit.",
            "reference",
        )
    elif holds_fiscal_code(reference):
        yield _personal("reference")


def _text(value: str, name: str) -> Iterator[PublicationRefusal]:
    # NOTE printable: no NUL, no control character, no half of a surrogate pair reaches the database.
    if not (1 <= len(value) <= LONGEST_TEXT and value.isprintable() and value == value.strip()):
        yield _refusal(
            Code.TEXT_INVALID,
            f"A text has 1 to {LONGEST_TEXT} printable characters, and no blanks around them.",
            name,
        )
    elif holds_fiscal_code(value):
        yield _personal(name)


def _day(day: date, name: str) -> Iterator[PublicationRefusal]:
    if not EARLIEST <= day <= LATEST:
        yield _refusal(Code.DATE_OUT_OF_RANGE, f"A day lies between {EARLIEST} and {LATEST}.", name)


def _has_places(number: Decimal, places: int) -> bool:
    """Whether it is written without more decimals than these; the number is not large."""
    return number == round(number, places)


def _personal(name: str) -> PublicationRefusal:
    return _refusal(
        Code.PERSONAL_DATA, "It holds a person's fiscal code: everybody reads what is published.", name
    )


def _refusal(code: Code, message: str, name: str) -> PublicationRefusal:
    return PublicationRefusal(code, message, (name,))
