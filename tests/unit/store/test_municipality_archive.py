# SPDX-License-Identifier: EUPL-1.2
"""ANPR's archive of municipalities, from the file to periods: hand-made archives, one for each thing that can be wrong."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from hub.errors import ClientError
from hub.store.municipalities.archive import Anomaly, Archive, read_archive
from hub.store.municipalities.archive_file import COLUMNS, InvalidArchive
from hub.store.municipalities.lookup import plain_name

ROW = {
    "DATAISTITUZIONE": "1861-03-17",
    "DATACESSAZIONE": "9999-12-31",
    "CODISTAT": "015002",
    "CODCATASTALE": "A010",
    "DENOMINAZIONE_IT": "ABBIATEGRASSO",
    "IDPROVINCIAISTAT": "015",
    "IDREGIONE": "03",
    "STATO": "A",
    "SIGLAPROVINCIA": "MI",
}


def closed(begin: str, end: str, **values: str) -> dict[str, str]:
    return ROW | {"DATAISTITUZIONE": begin, "DATACESSAZIONE": end, "STATO": "C"} | values


def open_since(begin: str, **values: str) -> dict[str, str]:
    return ROW | {"DATAISTITUZIONE": begin} | values


def text(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, quoting=csv.QUOTE_ALL, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "archive.csv"


def read(file: Path, *rows: dict[str, str]) -> Archive:
    file.write_text("\ufeff" + text(*rows), encoding="utf-8")
    archive = read_archive(file)
    assert archive.rows == len(rows) == len(archive.periods) + len(archive.refused)
    return archive


def refusals(archive: Archive) -> list[tuple[int, Anomaly]]:
    return [(finding.line, finding.anomaly) for finding in archive.refused]


def test_a_row_becomes_a_period_with_an_open_end(file: Path) -> None:
    archive = read(file, ROW)
    [period] = archive.periods
    assert (period.belfiore_code, period.istat_code, period.name) == ("A010", "015002", "ABBIATEGRASSO")
    assert (period.province, period.region_code, period.line) == ("MI", "03", 2)
    assert (period.first_day, period.last_day) == (date(1861, 3, 17), None)
    assert archive.refused == archive.amended == ()


def test_columns_are_found_by_name_whatever_their_order_and_company(file: Path) -> None:
    columns = ("ID", *reversed(COLUMNS), "COD_DENOM")
    for encoding, end in (("utf-8-sig", "\n"), ("utf-8", "\r\n")):
        file.write_text(text(ROW, columns=columns).replace("\n", end), encoding=encoding, newline="")
        assert [period.istat_code for period in read_archive(file).periods] == ["015002"]


def test_periods_come_by_belfiore_code_and_time_though_the_file_has_another_order(file: Path) -> None:
    archive = read(
        file,
        open_since("2000-01-01"),
        ROW | {"CODCATASTALE": "A001"},
        closed("1861-03-17", "1999-12-31"),
    )
    assert [period.line for period in archive.periods] == [3, 4, 2]


def test_a_municipality_may_not_exist_for_years_and_may_last_one_day(file: Path) -> None:
    archive = read(file, closed("1927-01-12", "1927-01-12"), open_since("1947-09-24"))
    assert [period.last_day for period in archive.periods] == [date(1927, 1, 12), None]
    assert archive.refused == ()


@pytest.mark.parametrize(("province", "territory"), [("021", "21"), ("022", "22")])
def test_region_04_is_the_territory_of_its_province(file: Path, province: str, territory: str) -> None:
    archive = read(file, ROW | {"IDREGIONE": "04", "IDPROVINCIAISTAT": province})
    assert [period.region_code for period in archive.periods] == [territory]


@pytest.mark.parametrize(
    ("values", "anomaly"),
    [
        ({"STATO": "D"}, Anomaly.NOT_ESTABLISHED),
        ({"IDREGIONE": "EX", "IDPROVINCIAISTAT": "702"}, Anomaly.OUTSIDE_REGIONS),
        ({"IDREGIONE": "00"}, Anomaly.REGION_UNKNOWN),
        ({"IDREGIONE": "99"}, Anomaly.REGION_UNKNOWN),
        ({"IDREGIONE": ""}, Anomaly.REGION_UNKNOWN),
        ({"IDREGIONE": "04", "IDPROVINCIAISTAT": "025"}, Anomaly.REGION_UNKNOWN),
        ({"CODCATASTALE": "ND"}, Anomaly.NO_BELFIORE_CODE),
        ({"CODCATASTALE": ""}, Anomaly.NO_BELFIORE_CODE),
        ({"CODCATASTALE": "z000"}, Anomaly.BELFIORE_CODE),
        ({"CODCATASTALE": "X001"}, Anomaly.BELFIORE_CODE),
        ({"CODCATASTALE": "Z110"}, Anomaly.BELFIORE_CODE),
        ({"CODISTAT": "15002"}, Anomaly.ISTAT_CODE),
        ({"CODISTAT": "٠١٥٠٠٢"}, Anomaly.ISTAT_CODE),
        ({"DENOMINAZIONE_IT": "  "}, Anomaly.NAME),
        ({"DENOMINAZIONE_IT": "ABBIATE\x00GRASSO"}, Anomaly.NAME),
        ({"SIGLAPROVINCIA": "Milano"}, Anomaly.PROVINCE),
        ({"STATO": "C"}, Anomaly.STATE),
        ({"STATO": "Z"}, Anomaly.STATE),
        ({"STATO": "C", "DATACESSAZIONE": "1861-03-16"}, Anomaly.END_BEFORE_START),
    ],
)
def test_a_row_that_cannot_land_is_reported_and_the_others_land(
    file: Path, values: dict[str, str], anomaly: Anomaly
) -> None:
    archive = read(file, ROW | values, ROW | {"CODCATASTALE": "A001", "IDPROVINCIAISTAT": "016"})
    assert refusals(archive) == [(2, anomaly)]
    assert [period.belfiore_code for period in archive.periods] == ["A001"]
    assert str(archive.refused[0]).startswith("line 2: ")
    assert anomaly in str(archive.refused[0])


@pytest.mark.parametrize("given", ["00", "EX"])
def test_a_region_that_lapsed_is_taken_from_the_other_rows_of_its_province(file: Path, given: str) -> None:
    archive = read(file, closed("1861-03-17", "1878-06-21", CODCATASTALE="A659", IDREGIONE=given), ROW)
    assert {period.region_code for period in archive.periods} == {"03"}
    assert [(found.line, found.anomaly) for found in archive.amended] == [(2, Anomaly.REGION_FROM_PROVINCE)]


def test_a_region_is_not_taken_from_a_province_that_has_two(file: Path) -> None:
    archive = read(
        file,
        closed("1861-03-17", "1878-06-21", CODCATASTALE="A659", IDREGIONE="00"),
        ROW,
        ROW | {"CODCATASTALE": "A001", "IDREGIONE": "05"},
    )
    assert refusals(archive) == [(2, Anomaly.REGION_UNKNOWN)]


def test_an_announced_end_lands_and_an_announced_municipality_does_not(file: Path) -> None:
    archive = read(
        file,
        ROW | {"DATACESSAZIONE": "2031-12-31"},
        open_since("2032-01-01", CODCATASTALE="M500", STATO="D"),
    )
    assert [period.last_day for period in archive.periods] == [date(2031, 12, 31)]
    assert refusals(archive) == [(3, Anomaly.NOT_ESTABLISHED)]


def test_of_two_municipalities_under_one_code_the_one_that_went_on_stays(file: Path) -> None:
    """D588 in the archive of 2023: Filago and Marne at once until 1928; Marne went on, and was later named Filago."""
    filago = {"CODCATASTALE": "D588", "CODISTAT": "016828", "DENOMINAZIONE_IT": "FILAGO"}
    marne = {"CODCATASTALE": "D588", "CODISTAT": "016098", "DENOMINAZIONE_IT": "MARNE"}
    archive = read(
        file,
        closed("1861-03-17", "1928-01-25", **filago),
        open_since("1958-09-10", **filago | {"CODISTAT": "016098"}),
        closed("1861-03-17", "1928-01-25", **marne),
        closed("1928-01-26", "1958-09-09", **marne),
    )
    assert refusals(archive) == [(2, Anomaly.OVERLAP)]
    assert "line 4, MARNE, 1861-03-17 to 1928-01-25" in archive.refused[0].detail
    assert [period.name for period in archive.periods] == ["MARNE", "MARNE", "FILAGO"]


def test_an_open_row_is_never_lost_to_a_closed_one(file: Path) -> None:
    archive = read(
        file,
        closed("1861-03-17", "1950-01-01"),
        closed("1950-01-02", "2010-12-31"),
        open_since("2005-01-01", CODISTAT="108001"),
    )
    assert refusals(archive) == [(3, Anomaly.OVERLAP)]
    assert [period.line for period in archive.periods] == [2, 4]


def test_a_row_that_is_there_twice_lands_once(file: Path) -> None:
    archive = read(file, ROW, ROW)
    assert refusals(archive) == [(3, Anomaly.OVERLAP)]


def test_a_shared_day_belongs_to_the_row_that_begins_on_it(file: Path) -> None:
    archive = read(file, closed("1861-03-17", "1974-09-18"), open_since("1974-09-18"))
    assert [period.last_day for period in archive.periods] == [date(1974, 9, 17), None]
    assert [(found.line, found.anomaly) for found in archive.amended] == [(2, Anomaly.LAST_DAY_SHARED)]
    assert archive.refused == ()


def test_a_municipality_is_not_closed_because_its_row_in_force_cannot_land(file: Path) -> None:
    archive = read(file, closed("1861-03-17", "1999-12-31"), open_since("2000-01-01", CODISTAT="?"))
    assert archive.periods == ()
    assert refusals(archive) == [(2, Anomaly.IN_FORCE_REFUSED), (3, Anomaly.ISTAT_CODE)]


def broken(file: Path, content: str | bytes) -> InvalidArchive:
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InvalidArchive) as refusal:
        read_archive(file)
    return refusal.value


def test_the_error_is_one_the_caller_may_read(file: Path) -> None:
    error = broken(file, "")
    assert isinstance(error, ClientError)
    assert error.code == "INVALID_ARCHIVE"


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n \n"])
def test_an_empty_file(file: Path, content: bytes) -> None:
    assert str(broken(file, content)) == f"{file} is empty."


def test_a_file_that_is_not_there_and_a_directory(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(InvalidArchive, match="cannot be read: "):
            read_archive(path)


def test_a_header_alone(file: Path) -> None:
    assert "no municipality" in str(broken(file, text()))


@pytest.mark.parametrize(
    "content", ["<!DOCTYPE html><html>404</html>", '{"comuni": []}', text(ROW).replace('","', ";")]
)
def test_something_else_than_the_archive(file: Path, content: str) -> None:
    error = broken(file, content)
    assert (error.line, error.column) == (1, "DATAISTITUZIONE")
    assert "the header lacks DATAISTITUZIONE, " in str(error)


def test_quoted_fields_separated_by_semicolons(file: Path) -> None:
    error = broken(file, text(ROW).replace(",", ";"))
    assert error.line == 1
    assert "not CSV separated by commas" in str(error)


def test_a_missing_column_and_a_repeated_one(file: Path) -> None:
    without = tuple(column for column in COLUMNS if column != "CODCATASTALE")
    error = broken(file, text(ROW, columns=without))
    assert str(error).startswith("line 1, column CODCATASTALE: the header lacks CODCATASTALE:")
    error = broken(file, text(ROW, columns=(*COLUMNS, "STATO")))
    assert (error.line, error.column) == (1, "STATO")


def test_another_encoding(file: Path) -> None:
    latin = text(ROW, ROW | {"DENOMINAZIONE_IT": "AGLIÈ"}).encode("latin-1")
    error = broken(file, latin)
    assert error.line == 3
    line = latin.splitlines()[2]
    assert f"byte {line.index(0xC8) + 1} of the line is not UTF-8" in str(error)
    assert broken(file, text(ROW).encode("utf-16")).line == 1


def test_a_file_cut_short_anywhere_in_its_last_line_is_refused(file: Path) -> None:
    whole = text(ROW, ROW | {"CODCATASTALE": "A001"}, columns=(*COLUMNS, "COD_DENOM"))
    start = whole.rindex("\n", 0, -1) + 1
    only_the_unread_column_is_cut = whole.rindex(",") + 1
    for end in {*range(start + 1, len(whole) - 1)} - {only_the_unread_column_is_cut}:
        error = broken(file, whole[:end])
        assert error.line == 3, whole[start:end]
        assert "Is the file truncated?" in str(error)


def test_a_line_with_a_field_too_many(file: Path) -> None:
    error = broken(file, text(ROW, ROW).removesuffix("\n") + ',"more"\n')
    assert str(error) == (
        "line 3: there are 10 fields where the header names 9 columns. Is the file truncated?"
    )


@pytest.mark.parametrize(
    "written", ["1990-02-30", "30/12/1990", "19901230", "1990-W01-1", "", "9999-12-32", "0000-01-01"]
)
@pytest.mark.parametrize("column", ["DATAISTITUZIONE", "DATACESSAZIONE"])
def test_a_day_that_does_not_exist(file: Path, column: str, written: str) -> None:
    error = broken(file, text(ROW, ROW | {column: written}))
    assert str(error) == f"line 3, column {column}: {written!r} is not a day written YYYY-MM-DD."


def test_lines_are_counted_as_an_editor_counts_them(file: Path) -> None:
    """An empty line, and a name over two lines, which is refused for itself."""
    archive = text(
        ROW | {"DENOMINAZIONE_IT": "ABBIATE\nGRASSO"}, ROW | {"CODISTAT": "x", "CODCATASTALE": "A001"}
    )
    file.write_text(archive.replace('\n"1861', '\n\n"1861', 1), encoding="utf-8")
    assert refusals(read_archive(file)) == [(3, Anomaly.NAME), (5, Anomaly.ISTAT_CODE)]


@pytest.mark.parametrize(
    ("written", "plain"),
    [("AGLIÈ", "aglie"), ("Aglie'", "aglie"), ("Rhêmes-Notre-Dame", "rhemesnotredame"), ("’ -", "")],
)
def test_names_are_compared_without_what_people_write_differently(written: str, plain: str) -> None:
    assert plain_name(written) == plain


def test_every_anomaly_of_the_published_archive_is_known(shared: Path) -> None:
    published = shared / "data" / "ANPR_archivio_comuni.csv"
    if not published.is_file():
        pytest.skip("ANPR's archive is not in ../shared/data")
    archive = read_archive(published)
    assert archive.rows == 19_352
    assert Counter(found.anomaly for found in archive.refused) == {
        Anomaly.OUTSIDE_REGIONS: 196,
        Anomaly.NO_BELFIORE_CODE: 22,
        Anomaly.OVERLAP: 1,
    }
    assert Counter(found.anomaly for found in archive.amended) == {Anomaly.REGION_FROM_PROVINCE: 5}
    assert len(archive.periods) == 19_352 - 196 - 22 - 1
