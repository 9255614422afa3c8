# SPDX-License-Identifier: EUPL-1.2
"""The synthetic population before it reaches a database: who the people are, and that the same seed makes the same bytes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from random import Random
from uuid import UUID

import pytest

from hub.store.fiscal_code import OMOCODIA_DIGITS, OMOCODIA_POSITIONS, check_letter, parse_fiscal_code
from hub.store.population.benefits import ADI_FROM, Grant, grants
from hub.store.population.fiscal_codes import FiscalCodes, family_part, given_part, plain_fiscal_code
from hub.store.population.households import Household, Settlement, household_sizes
from hub.store.population.keys import OrderedKeys, key
from hub.store.population.moments import at_midnight, at_the_office, months_later
from hub.store.population.people import Person
from hub.store.population.places import Place, places_of
from hub.store.population.population import Population, sample_people
from hub.store.population.registry import anpr_id, inps_protocol
from hub.store.reference.agency_codes import (
    INPS_AGENCY_CODE,
    centre_agency_code,
    municipality_agency_code,
    region_agency_code,
)
from hub.store.reference.demo import demo_agencies, demo_centres, demo_key, demo_municipalities
from hub.store.vocabulary import BenefitStatus, EmploymentStatus, Measure, Obligation, Sex

TODAY = date(2026, 11, 21)
PEOPLE = 4_000


@pytest.fixture(scope="module")
def places() -> list[Place]:
    municipalities = demo_municipalities()
    regions = {place.region_code: place.region_code for place in municipalities}
    return list(
        places_of(
            {p.belfiore_code: demo_key("municipality", p.belfiore_code) for p in municipalities},
            {c.code: demo_key("employment_centre", c.code) for c in demo_centres()},
            {code: demo_key("agency", code) for code, _, _ in demo_agencies(regions)},
        )
    )


@pytest.fixture(scope="module")
def households(places: list[Place]) -> list[Household]:
    return list(Settlement(PEOPLE, 1, TODAY.toordinal(), places))


@pytest.fixture(scope="module")
def people(households: list[Household]) -> list[Person]:
    return [person for household in households for person in household.members]


def digest(population: Population) -> str:
    whole = hashlib.sha256()
    for load in population.loads():
        for batch in load:
            whole.update(batch.table.encode() + batch.data)
    return whole.hexdigest()


class TestReference:
    def test_every_territory_has_a_municipality_and_two_centres(self) -> None:
        regions = Counter(place.region_code for place in demo_municipalities())
        assert len(regions) == 21
        assert regions["12"] >= 3
        assert regions["01"] >= 3
        assert min(Counter(centre.region_code for centre in demo_centres()).values()) >= 2
        assert set(regions) == {centre.region_code for centre in demo_centres()}

    def test_codes_are_unique(self) -> None:
        assert len({p.belfiore_code for p in demo_municipalities()}) == len(demo_municipalities())
        assert len({p.istat_code for p in demo_municipalities()}) == len(demo_municipalities())
        assert len({c.code for c in demo_centres()}) == len(demo_centres())

    def test_agency_codes(self) -> None:
        assert centre_agency_code("H501C900031") == "cpi-h501c900031"
        assert municipality_agency_code("H501") == "comune-h501"
        assert region_agency_code("12") == "regione-12"
        codes = [code for code, _, _ in demo_agencies({"12": "Lazio"})]
        assert INPS_AGENCY_CODE in codes
        assert len(codes) == len(set(codes))

    def test_demo_keys_are_version_7(self) -> None:
        one = demo_key("agency", "inps")
        assert (one.version, one.variant) == (7, UUID("01680000-0000-7000-8000-000000000000").variant)
        assert one != demo_key("municipality", "inps")


class TestFiscalCodes:
    @pytest.mark.parametrize(
        ("family", "given", "born", "sex", "place", "code"),
        [
            ("Rossi", "Mario", date(1980, 1, 1), Sex.M, "H501", "RSSMRA80A01H501U"),
            ("Rossi", "Maria", date(1980, 1, 1), Sex.F, "H501", "RSSMRA80A41H501Y"),
            ("Fo", "Eva", date(2001, 12, 31), Sex.F, "F205", "FOXVEA01T71F205"),
            ("D'Angelo", "Gianfranco", date(1975, 8, 9), Sex.M, "F839", "DNGGFR75M09F839"),
            ("De Luca", "Nicolò", date(1990, 6, 15), Sex.M, "Z129", "DLCNCL90H15Z129"),
        ],
    )
    def test_the_rules(self, family: str, given: str, born: date, sex: Sex, place: str, code: str) -> None:
        made = plain_fiscal_code(family, given, born, sex, place)
        assert made.startswith(code)
        assert parse_fiscal_code(made) == made

    @pytest.mark.parametrize(
        ("name", "part"),
        [("Bo", "BOX"), ("Aiello", "LLA"), ("Ieva", "VIE"), ("Lo Presti", "LPR"), ("Re", "REX")],
    )
    def test_family_names(self, name: str, part: str) -> None:
        assert family_part(name) == part

    @pytest.mark.parametrize(
        ("name", "part"),
        [("Anna Maria", "NMR"), ("Gian Luca", "GLC"), ("Ugo", "GUO"), ("Ada", "DAA"), ("Víctor", "VTR")],
    )
    def test_given_names(self, name: str, part: str) -> None:
        assert given_part(name) == part

    def test_eight_people_with_the_same_data_and_no_ninth(self) -> None:
        codes = FiscalCodes(Random(1), omocodia_share=0)
        same = ("Rossi", "Mario", date(1980, 1, 1), Sex.M, "H501")
        given = [codes.give(*same) for _ in range(8)]
        assert len(set(given)) == 8
        assert all(code is not None and parse_fiscal_code(code) == code for code in given)
        assert codes.give(*same) is None

    def test_provisional_codes_are_valid_and_differ(self) -> None:
        codes = FiscalCodes(Random(1))
        given = [codes.give_provisional() for _ in range(500)]
        assert len(set(given)) == 500
        assert all(len(parse_fiscal_code(code)) == 11 for code in given)


class TestKeys:
    def test_a_key_is_version_7_of_its_moment(self) -> None:
        made = UUID(bytes=key(1_700_000_000_123, Random(1)))
        assert made.version == 7
        assert made.int >> 80 == 1_700_000_000_123

    def test_ordered_keys_rise_within_one_millisecond(self) -> None:
        keys = OrderedKeys(Random(1))
        made = [keys.next(at) for at in (5, 5, 5, 6, 6, 9)]
        assert made == sorted(made)
        assert all(UUID(bytes=one).version == 7 for one in made)
        with pytest.raises(ValueError, match="back"):
            keys.next(8)

    def test_a_millisecond_is_full_at_some_time(self) -> None:
        keys = OrderedKeys(Random(1))
        for _ in range(4_096):
            keys.next(1)
        with pytest.raises(ValueError, match="too many"):
            keys.next(1)


class TestMoments:
    def test_the_office_is_closed_at_weekends_and_at_night(self) -> None:
        chance = Random(1)
        for day in range(TODAY.toordinal(), TODAY.toordinal() + 14):
            at = at_the_office(day, chance)
            assert 8 <= at % 86_400_000 // 3_600_000 < 17
            assert at < at_midnight(day + 1)
            opened = day - (at_midnight(day) - at // 86_400_000 * 86_400_000) // 86_400_000
            assert date.fromordinal(opened).weekday() < 5

    def test_months_later(self) -> None:
        assert date.fromordinal(months_later(date(2024, 8, 31).toordinal(), 18)) == date(2026, 2, 28)
        assert date.fromordinal(months_later(date(2024, 12, 1).toordinal(), 1)) == date(2025, 1, 1)


class TestHouseholds:
    @pytest.mark.parametrize("beneficiaries", [1, 2, 7, 1_000])
    def test_sizes_are_1_to_7_and_add_up(self, beneficiaries: int) -> None:
        sizes = household_sizes(beneficiaries, 3)
        assert sum(sizes) == beneficiaries
        assert all(1 <= size <= 7 for size in sizes)

    def test_every_size_occurs_and_small_ones_most(self) -> None:
        counts = Counter(household_sizes(PEOPLE, 1))
        assert set(counts) == set(range(1, 8))
        assert counts[1] > counts[2] > counts[3] > counts[5] > counts[7]

    def test_all_measures_with_the_present_ones_most(self, households: list[Household]) -> None:
        counts = Counter(household.measure for household in households)
        assert set(counts) == set(Measure)
        assert counts[Measure.ADI] > counts[Measure.SFL] > counts[Measure.RDC] > counts[Measure.MIA]

    def test_households_stand_in_the_order_of_admission(self, households: list[Household]) -> None:
        days = [household.admitted for household in households]
        assert days == sorted(days)
        assert days[-1] < TODAY.toordinal()

    def test_protocols_and_anpr_ids_are_unique(self, households: list[Household]) -> None:
        assert len({inps_protocol(household) for household in households}) == len(households)
        assert len({anpr_id(number) for number in range(1, 50_000)}) == 49_999

    def test_21_regions(self, households: list[Household]) -> None:
        assert len({household.place.region_code for household in households}) == 21

    def test_benefits_follow_one_another(self, households: list[Household]) -> None:
        for household in households:
            ends = 0
            for benefit in household.benefits:
                assert ends <= benefit.first < benefit.end
                ends = benefit.end
            self._check_status(household.benefits, household.measure)

    def _check_status(self, benefits: list[Grant], measure: Measure) -> None:
        today = TODAY.toordinal()
        *earlier, present = benefits
        assert all(benefit.status is BenefitStatus.ENDED for benefit in earlier)
        if present.status in (BenefitStatus.ACTIVE, BenefitStatus.SUSPENDED):
            assert present.first <= today < present.end
        else:
            assert present.end <= today
        if measure is Measure.RDC:
            assert present.end <= ADI_FROM
        if measure is Measure.SFL:
            assert present.cents in (35_000, 50_000)

    def test_sfl_was_raised_in_2025(self) -> None:
        before, after = date(2024, 12, 31).toordinal(), date(2025, 1, 1).toordinal()
        assert grants(Measure.SFL, before, before + 10, 1, False, Random(1))[-1].cents == 35_000
        assert grants(Measure.SFL, after, after + 10, 1, False, Random(1))[-1].cents == 50_000


class TestPeople:
    def test_codes_are_valid_and_unique(self, people: list[Person]) -> None:
        assert len(people) == PEOPLE
        assert all(parse_fiscal_code(person.fiscal_code) == person.fiscal_code for person in people)
        assert len({person.fiscal_code for person in people}) == PEOPLE

    def test_codes_agree_with_the_person(self, people: list[Person]) -> None:
        for person in people:
            if len(person.fiscal_code) == 16:
                plain = undo_omocodia(person.fiscal_code)
                born_on = date.fromordinal(person.born_on)
                place = plain[11:15]
                assert plain == plain_fiscal_code(
                    person.family_name, person.given_name, born_on, person.sex, place
                )
                assert place.startswith("Z") == person.born_abroad

    def test_shares(self, people: list[Person]) -> None:
        abroad = sum(person.born_abroad for person in people) / PEOPLE
        provisional = sum(len(person.fiscal_code) == 11 for person in people) / PEOPLE
        omocodic = sum(
            len(person.fiscal_code) == 16 and undo_omocodia(person.fiscal_code) != person.fiscal_code
            for person in people
        )
        assert 0.09 < abroad < 0.15
        assert 0.005 < provisional < 0.015
        assert 0.005 < omocodic / PEOPLE < 0.02

    def test_age_follows_from_the_birth_date(self, people: list[Person]) -> None:
        for person in people:
            born_on = date.fromordinal(person.born_on)
            had_birthday = (TODAY.month, TODAY.day) >= (born_on.month, born_on.day)
            assert person.age == TODAY.year - born_on.year - (not had_birthday)

    def test_minors_adults_and_elders(self, people: list[Person]) -> None:
        minors = sum(person.age < 18 for person in people) / PEOPLE
        elders = sum(person.age >= 60 for person in people) / PEOPLE
        assert 0.12 < minors < 0.35
        assert 0.1 < elders < 0.4

    def test_duties_follow_from_age(self, people: list[Person]) -> None:
        assert {person.obligation for person in people} == set(Obligation)
        assert {person.employment for person in people} == set(EmploymentStatus)
        for person in people:
            if person.age < 18 or person.age >= 60:
                assert person.obligation is Obligation.EXCLUDED
            if person.age < 16:
                assert person.employment is EmploymentStatus.OTHER
            if person.obligation is Obligation.OBLIGED:
                assert person.employment not in (EmploymentStatus.EMPLOYED, EmploymentStatus.OTHER)
            if person.may_be_activated:
                assert person.centre is not None


class TestPopulation:
    def test_the_same_arguments_give_the_same_bytes(self, places: list[Place]) -> None:
        def made(seed: int, today: date = TODAY) -> str:
            return digest(Population(beneficiaries=300, seed=seed, today=today, places=places))

        assert made(1) == made(1)
        assert made(1) != made(2)
        assert made(1) != made(1, date(2026, 11, 20))

    def test_six_events_per_beneficiary(self, places: list[Place]) -> None:
        rows = Counter[str]()
        for table, count in self._batches(Population(beneficiaries=500, seed=4, today=TODAY, places=places)):
            rows[table] += count
        assert rows["conditionality_event"] == rows["feed_entry"] == 3_000

    @pytest.mark.parametrize("beneficiaries", [1, 2, 5, 40])
    def test_small_ones_work_too(self, places: list[Place], beneficiaries: int) -> None:
        for seed in range(5):
            rows = Counter[str]()
            made = Population(beneficiaries=beneficiaries, seed=seed, today=TODAY, places=places)
            for table, count in self._batches(made):
                rows[table] += count
            assert rows["beneficiary"] == beneficiaries

    def test_what_makes_no_sense_is_refused(self, places: list[Place]) -> None:
        with pytest.raises(ValueError, match="at least one"):
            Population(beneficiaries=0, seed=1, today=TODAY, places=places)
        with pytest.raises(ValueError, match="2024-07-01"):
            Population(beneficiaries=1, seed=1, today=date(2024, 6, 30), places=places)

    def test_sample_people(self, places: list[Place]) -> None:
        assert sample_people(5, 1, TODAY, places) == sample_people(5, 1, TODAY, places)
        assert len(sample_people(5, 1, TODAY, places)) == 5

    def _batches(self, population: Population) -> Iterator[tuple[str, int]]:
        for load in population.loads():
            for batch in load:
                yield batch.table, batch.rows


def undo_omocodia(code: str) -> str:
    """The plain code of a variant."""
    first_fifteen = "".join(
        str(OMOCODIA_DIGITS.index(c)) if i in OMOCODIA_POSITIONS and c in OMOCODIA_DIGITS else c
        for i, c in enumerate(code[:15])
    )
    return first_fifteen + check_letter(first_fifteen)
