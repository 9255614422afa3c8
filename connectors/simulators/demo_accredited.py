# SPDX-License-Identifier: EUPL-1.2
"""What the demo's accredited subject publishes. It has no system that could be asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx2

from hub.errors import OperatorError
from hub.store.vocabulary import CourseMode

# title, employer, CP2011 code, hours a week, places, Belfiore
_OFFERS = (
    ("Addetto alla reception", "Albergo Appio Srl", "4.2.1.1.0", "32", 2, "H501"),
    ("Giardiniera", "Vivai del Circeo Ss", "6.4.1.3.1", "40", 3, "E472"),
)
# title, mode, days from now to start, weeks, hours, places, Belfiore
_COURSES = (
    ("Orientarsi nella ricerca di lavoro", CourseMode.ONLINE, 9, 2, 24, 20, "H501"),
    ("Pizzaiolo", CourseMode.ON_SITE, 16, 8, 160, 12, "E472"),
)
PROVIDER = "Lavoro Vicino Scarl"
_OFFER = """mutation ($input: PublishJobOfferInput!) { publishJobOffer(input: $input) {
  published: jobOffer { id } userErrors { code path } } }"""
_COURSE = """mutation ($input: PublishTrainingCourseInput!) { publishTrainingCourse(input: $input) {
  published: trainingCourse { id } userErrors { code path } } }"""


class NotTaken(OperatorError):
    """The hub does not take what the demo's accredited subject publishes."""


async def publish_demo_opportunities(http: httpx2.AsyncClient, address: str, token: str, as_of: date) -> None:
    """Publish its two offers and two courses, as of a day; what was published before becomes of that day.

    Args:
        http: whom it asks by.
        address: of the hub.
        token: a voucher of its purpose.
        as_of: the day.

    Raises:
        NotTaken: the hub does not take one.

    """
    headers = {"Authorization": f"Bearer {token}"}
    for mutation, given in _published(as_of):
        asked = {"query": mutation, "variables": {"input": given}}
        answered: Any = (await http.post(f"{address}/graphql", json=asked, headers=headers)).json()
        [payload] = (answered.get("data") or {"": {}}).values()
        if not payload.get("published"):
            raise NotTaken(f"The hub does not take {given['reference']}: {answered}")


def _published(as_of: date) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each with its mutation."""
    for number, (title, employer, profession, hours, places, place) in enumerate(_OFFERS, 1):
        yield (
            _OFFER,
            {
                "reference": f"ACC-{number}", "title": title, "employerName": employer, "professionCode": profession,
                "contractType": "A.02.00", "weeklyHours": hours, "places": places, "municipality": place,
                "publishedOn": f"{as_of}", "expiresOn": f"{as_of + timedelta(days=45)}",
            },
        )  # fmt: skip
    for number, (title, mode, start, weeks, total, places, place) in enumerate(_COURSES, 1):
        starts = as_of + timedelta(days=start)
        yield (
            _COURSE,
            {
                "reference": f"ACC-{number}", "title": title, "providerName": PROVIDER, "mode": mode.value, "municipality": place,
                "startsOn": f"{starts}", "endsOn": f"{starts + timedelta(weeks=weeks)}", "hours": total, "places": places,
            },
        )  # fmt: skip
