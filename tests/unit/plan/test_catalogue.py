# SPDX-License-Identifier: EUPL-1.2
"""The start-up check: a type that disagrees with its table is refused, and the refusal names both."""

import enum
from typing import Any

import pytest
import strawberry
from graphql import GraphQLSchema
from sqlalchemy import Enum, ForeignKey, Text, UniqueConstraint, literal
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from hub.plan.catalogue import Catalogue, SchemaMismatch, read_catalogue
from hub.plan.declare import (
    Computed,
    Condition,
    Federated,
    Lookup,
    Order,
    Pages,
    Part,
    Rooted,
    gathered,
    stands_on,
    stored,
    told_apart,
)
from schema.build import build_schema


class Base(DeclarativeBase):
    pass


class Town(Base):
    __tablename__ = "town"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    motto: Mapped[str | None]
    people: Mapped[list["Dweller"]] = relationship(
        back_populates="town",
        order_by="Dweller.name.desc(), Dweller.id",
        foreign_keys="Dweller.town_id",
    )


class Dweller(Base):
    __tablename__ = "dweller"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    nickname: Mapped[str | None]
    town_id: Mapped[int] = mapped_column(ForeignKey("town.id"))
    second_id: Mapped[int | None] = mapped_column(ForeignKey("town.id"))
    town: Mapped[Town] = relationship(back_populates="people", foreign_keys=[town_id])
    second: Mapped[Town | None] = relationship(foreign_keys=[second_id])


class Trade(enum.Enum):
    BAKER = "BAKER"
    SMITH = "SMITH"
    MILLER = "MILLER"


class Shop(Base):
    __tablename__ = "shop"
    __table_args__ = (UniqueConstraint("sign"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    sign: Mapped[str]
    trade: Mapped[Trade] = mapped_column(Enum(Trade, native_enum=False))
    former: Mapped[Trade | None] = mapped_column(Enum(Trade, native_enum=False))


def _read(*types: type, **roots: Any) -> Catalogue:
    """The catalogue of a schema of these types; each is reached from the root."""
    annotations: dict[str, Any] = {f"one{number}": types[number] | None for number in range(len(types))}
    namespace: dict[str, Any] = {"__annotations__": annotations, **roots}
    query = strawberry.type(type("Query", (), namespace))
    schema: GraphQLSchema = strawberry.Schema(query=query)._schema
    return read_catalogue(schema)


def _problems(*types: type, **roots: Any) -> str:
    with pytest.raises(SchemaMismatch) as refused:
        _read(*types, **roots)
    return refused.value.message


def test_the_hubs_own_schema_agrees_with_its_tables() -> None:
    _, catalogue = build_schema()
    assert catalogue.by_prefix.keys() == {"ben", "hsh", "pct", "evt", "job", "crs", "puc", "dlv", "qrn"}
    assert catalogue.orders == {
        "BeneficiaryOrder", "PactOrder", "JobOfferOrder", "TrainingCourseOrder", "PucProjectOrder", "ConditionalityEventOrder",
    }  # fmt: skip
    assert catalogue.roots.keys() == {
        "node", "beneficiary", "beneficiaries", "household", "households", "pact", "pacts", "jobOffers", "trainingCourses",
        "pucProjects", "conditionalityEvents", "conditionalityFeed", "opportunities", "municipality", "employmentCentre", "_entities",
        "accessChanges", "me", "accessReport", "stuck", "quarantine",
    }  # fmt: skip


def test_a_field_that_must_not_be_null_over_a_column_that_may() -> None:
    @stored(Dweller)  # type: ignore[arg-type]
    @strawberry.type
    class Person:
        nickname: str

    assert "Person.nickname is non-null, and column dweller.nickname may be NULL" in _problems(Person)


def test_a_field_without_a_column() -> None:
    @stored(Dweller)  # type: ignore[arg-type]
    @strawberry.type
    class Person:
        shoe_size: int | None

    assert "Person.shoeSize has no column and no relationship 'shoe_size' on table dweller" in _problems(
        Person
    )


def test_all_disagreements_are_named_at_once() -> None:
    @stored(Dweller, order=Order(("nickname",)))  # type: ignore[arg-type]
    @strawberry.type
    class Person:
        nickname: str
        shoe_size: int

    found = _problems(Person)
    assert found.count("\n  - ") == 3
    assert "Person is ordered by dweller.nickname, which may be NULL" in found


def test_an_order_by_a_column_there_is_not() -> None:
    @stored(Dweller, order=Order(("age",)))  # type: ignore[arg-type]
    @strawberry.type
    class Person:
        name: str

    assert "Person is ordered by dweller.age, which there is not" in _problems(Person)


def test_one_where_the_table_has_many_and_many_where_it_has_one() -> None:
    @stored(Dweller)  # type: ignore[arg-type]
    @strawberry.type
    class Person:
        name: str

    @stored(Town)  # type: ignore[arg-type]
    @strawberry.type
    class Place:
        people: Person | None

    assert "Place.people and relationship Town.people disagree about one or many" in _problems(Place, Person)


def test_a_relationship_that_may_lead_nowhere() -> None:
    @stored(Town)  # type: ignore[arg-type]
    @strawberry.type
    class Place:
        name: str

    @stored(Dweller)  # type: ignore[arg-type]
    @strawberry.type
    class Person:
        second: Place
        town: Place

    assert "Person.second is non-null, and dweller.second_id may be NULL or lead nowhere" in _problems(
        Person, Place
    )
    assert "Person.town is" not in _problems(Person, Place)


def test_a_relationship_to_a_table_on_which_no_type_stands() -> None:
    @strawberry.type
    class Place:
        name: str

    @stored(Dweller)  # type: ignore[arg-type]
    @strawberry.type
    class Person:
        town: Place

    found = _problems(Person)
    assert "Person leads to table town, on which no type stands" in found
    assert "Person.town leads to table town, and its type stands on another" in found


def test_a_federated_field_must_be_nullable() -> None:
    @stored(Dweller)  # type: ignore[arg-type]
    @strawberry.type
    class Person:
        weather: str = strawberry.field(metadata=stands_on(Federated(("id",))))

    assert "Person.weather is asked of an agency, which may not answer: it must be nullable" in _problems(
        Person
    )


def test_a_computed_field_that_may_be_null() -> None:
    @stored(Dweller)  # type: ignore[arg-type]
    @strawberry.type
    class Person:
        one: str = strawberry.field(metadata=stands_on(Computed(lambda _row: literal("x"), nullable=True)))
        two: str | None = strawberry.field(
            metadata=stands_on(Computed(lambda _row: literal("x"), nullable=True))
        )

    found = _problems(Person)
    assert "Person.one is non-null, and its expression may be NULL" in found
    assert "Person.two" not in found


@stored(Dweller, order=Order(("name",)))  # type: ignore[arg-type]
@strawberry.type
class Listed:
    name: str


@strawberry.type
class Second:
    nickname: str
    second: Listed
    age: int


def test_a_part_of_a_row_is_held_to_its_columns() -> None:
    @stored(Dweller)  # type: ignore[arg-type]
    @strawberry.type
    class Person:
        there: Second | None = strawberry.field(metadata=stands_on(Part(("nickname",))))
        sure: Second = strawberry.field(metadata=stands_on(Part(("nickname", "second_id"))))
        nowhere: Second | None = strawberry.field(metadata=stands_on(Part(("age",))))

    found = _problems(Person)
    assert "Second.nickname" not in found, "it is not NULL where the part is there"
    assert found.count("Second.second is non-null, and dweller.second_id may be NULL") == 1, (
        "it is not, where its column is among those the part is there with"
    )
    assert found.count("Second.age has no column and no relationship 'age' on table dweller") == 2
    assert "Second.second leads to table town, and its type stands on another" in found
    assert "Person leads to table town, on which no type stands" in found
    assert "Person.sure is a part of its row, which may be absent: it must be nullable" in found
    assert "Person.nowhere is there with age, which table dweller has not" in found


@strawberry.type
class ListedConnection:
    nodes: list[Listed]


@strawberry.enum
class ListedOrder(enum.Enum):
    NAME_ASC = "name"
    NICKNAME_DESC = "-nickname"
    AGE_ASC = "age"


@strawberry.input
class ListedFilter:
    name: str | None = strawberry.field(
        default=None, metadata=stands_on(Condition(lambda row, value: row.c.name == value, Text()))
    )
    age: int | None = None


def test_words_of_an_order_and_members_of_a_filter() -> None:
    def listed(
        filter: ListedFilter | None = None,  # noqa: A002
        order_by: list[ListedOrder] | None = None,
    ) -> ListedConnection:
        raise AssertionError

    field = strawberry.field(resolver=listed, metadata=stands_on(Rooted(Pages())))
    found = _problems(Listed, listed=field)
    assert (
        "Query.listed by ListedOrder.NICKNAME_DESC is ordered by dweller.nickname, which may be NULL" in found
    )
    assert "Query.listed by ListedOrder.AGE_ASC is ordered by dweller.age, which there is not" in found
    assert "NAME_ASC" not in found
    assert "ListedFilter.age, which filters Query.listed, stands for no condition" in found
    assert "ListedFilter.name" not in found


def test_a_list_of_what_is_not_stored() -> None:
    @strawberry.type
    class Loose:
        name: str

    @strawberry.type
    class LooseConnection:
        nodes: list[Loose]

    def loose() -> LooseConnection:
        raise AssertionError

    field = strawberry.field(resolver=loose, metadata=stands_on(Rooted(Pages())))
    assert "Query.loose is a list of Loose, which is not stored" in _problems(Listed, loose=field)


def test_what_agrees_is_read() -> None:
    def one(name: str) -> Listed | None:
        raise AssertionError

    field = strawberry.field(resolver=one, metadata=stands_on(Rooted(Lookup("name", "name"))))
    catalogue = _read(Listed, one=field)
    assert catalogue.stored("Listed").table.name == "dweller"
    assert catalogue.roots.keys() == {"one"}
    with pytest.raises(KeyError):
        catalogue.stored("Query")


def test_an_interface_whose_members_leave_a_row_without_a_type_or_share_one() -> None:
    @told_apart(Shop, by="trade", order=Order(("former",)))  # type: ignore[arg-type]
    @strawberry.interface
    class Workshop:
        sign: str

    @stored(Shop, when=Trade.BAKER)  # type: ignore[arg-type]
    @strawberry.type
    class Bakery(Workshop):
        pass

    @stored(Shop, when=Trade.BAKER)  # type: ignore[arg-type]
    @strawberry.type
    class Patisserie(Workshop):
        pass

    @stored(Shop)  # type: ignore[arg-type]
    @strawberry.type
    class Forge(Workshop):
        pass

    found = _problems(Bakery, Patisserie, Forge)
    assert "Patisserie and Bakery both stand on shop where trade is BAKER" in found
    assert "no type that implements Workshop stands on shop where trade is MILLER" in found
    assert "no type that implements Workshop stands on shop where trade is SMITH" in found
    assert "Forge implements Workshop, and does not say which rows of shop it stands on" in found
    assert "Workshop is ordered by shop.former, which may be NULL" in found


@pytest.mark.parametrize("column", ["former", "sign", "colour"])
def test_an_interface_told_apart_by_what_tells_nothing(column: str) -> None:
    @told_apart(Shop, by=column)  # type: ignore[arg-type]
    @strawberry.interface
    class Workshop:
        sign: str

    @stored(Shop, when=Trade.BAKER)  # type: ignore[arg-type]
    @strawberry.type
    class Bakery(Workshop):
        pass

    found = _problems(Bakery)
    assert f"Workshop is told apart by shop.{column}, which is no NOT NULL column of words" in found


def test_a_type_of_some_rows_that_nothing_tells_apart() -> None:
    @stored(Shop, when=Trade.BAKER)  # type: ignore[arg-type]
    @strawberry.type
    class Bakery:
        sign: str

    assert "Bakery says which rows of shop it stands on, and implements nothing" in _problems(Bakery)


def test_an_interface_gathered_by_what_its_members_have_not() -> None:
    @gathered(order="since")
    @strawberry.interface
    class Place:
        since: str | None

    @stored(Shop, prefix="shp")  # type: ignore[arg-type]
    @strawberry.type
    class Store(Place):
        id: strawberry.ID
        since: str | None = strawberry.field(metadata=stands_on(Federated(("id",))))

    @stored(Town)  # type: ignore[arg-type]
    @strawberry.type
    class Village(Place):
        since: str | None = strawberry.field(metadata=stands_on(Computed(lambda _row: literal("x"))))

    found = _problems(Store, Village)
    assert "Place is listed by since, which is not a field of it that is never null" in found
    assert "Store.since, by which Place is listed, is neither column nor computed" in found
    assert "Village implements Place, and is not stored with an id" in found


def test_a_type_named_by_what_is_not_unique() -> None:
    @stored(Shop, keys=("sign", "former", "colour"))  # type: ignore[arg-type]
    @strawberry.type
    class Bakery:
        sign: str
        former: Trade | None

    found = _problems(Bakery)
    assert "Bakery is named by former, which is no column that is NOT NULL and UNIQUE" in found
    assert "Bakery is named by colour" in found
    assert "Bakery is named by sign" not in found
