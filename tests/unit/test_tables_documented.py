# SPDX-License-Identifier: EUPL-1.2
"""docs/reference/tables.md names each table once, under the module it stands in."""

from __future__ import annotations

import re
from pathlib import Path

from hub.store.tables import Base, metadata

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "tables.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (.+) \|$", re.MULTILINE)


def test_each_table_is_named_once_and_no_other() -> None:
    assert sorted(name for name, _ in ROW.findall(PAGE)) == sorted(metadata.tables)


def test_each_line_is_a_sentence() -> None:
    assert [name for name, kept in ROW.findall(PAGE) if not kept.endswith(".")] == []


def test_a_heading_that_names_a_module_is_over_that_modules_tables() -> None:
    modules = {
        str(mapper.local_table.description): mapper.class_.__module__.replace(".", "/") + ".py"
        for mapper in Base.registry.mappers
    }
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        module = re.search(r"\(`(.+)`\)$", section.partition("\n")[0])
        if module is not None:
            assert {modules[name] for name, _ in ROW.findall(section)} == {module[1]}
