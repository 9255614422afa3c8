# SPDX-License-Identifier: EUPL-1.2
"""`snodo schema trust`: from a folder of documents to a registry, or to everything that is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli import command_line
from hub.errors import ConfigurationError
from hub.plan.trusted import consumers, document_id, read_registry

GOOD = {
    "b.graphql": "query B { __typename }\n",
    "deep/a.graphql": "query A1 { __typename }\nquery A2 { __typename }\n",
    "copy.graphql": "query B { __typename }\n",
    "nameless.graphql": "# è\n{ __typename }\n",
}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())


def trust(*words: str) -> bytes:
    result = CliRunner().invoke(command_line(["schema"]), ["schema", "trust", *words])
    if result.exception is not None:
        raise result.exception
    return result.stdout_bytes


def test_a_registry_is_the_same_for_the_same_documents(tmp_path: Path) -> None:
    write(tmp_path / "one", GOOD)
    write(tmp_path / "two", dict(reversed(GOOD.items())))
    one, two = trust(str(tmp_path / "one")), trust(str(tmp_path / "two"))
    assert one == two
    listed = json.loads(one)["documents"]
    assert [document["id"] for document in listed] == sorted({document_id(text) for text in GOOD.values()})
    named = {document["source"]: document["operations"] for document in listed}
    assert named == {"b.graphql": ["B"], "deep/a.graphql": ["A1", "A2"], "nameless.graphql": []}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "documents", GOOD)
    file = tmp_path / "registry.json"
    trust(str(tmp_path / "documents"), "--output", str(file))
    assert {one.text for one in read_registry(file)} == set(GOOD.values())
    assert all(one.id == document_id(one.text) for one in read_registry(file))


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            **GOOD,
            "fields.graphql": "query F {\n  nothing\n  less\n}",
            "broken.graphql": "query {",
            "fragment.graphql": "fragment F on Query { __typename }",
            "deep.graphql": "{" + "a{" * 40 + "b" + "}" * 41,
        },
    )
    (tmp_path / "latin.graphql").write_bytes(b"# \xe8\n{ __typename }")
    output = tmp_path / "registry.json"
    with pytest.raises(ConfigurationError) as refused:
        trust(str(tmp_path), "--output", str(output))
    said = refused.value.message.splitlines()[1:]
    assert [line.partition(": ")[0] for line in said] == [
        "broken.graphql:1:8", "deep.graphql", "fields.graphql:2:3", "fields.graphql:3:3", "fragment.graphql:1:1", "latin.graphql",
    ]  # fmt: skip
    assert not output.exists()


def test_an_empty_folder_is_no_registry(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no \*.graphql file"):
        trust(str(tmp_path))


def test_consumers() -> None:
    assert consumers(" ") is None
    bound, everyone = consumers("a, b"), consumers("a *")
    assert bound is not None
    assert everyone is not None
    assert [code in bound for code in ("a", "b", "c", "a,")] == [True, True, False, False]
    assert "c" in everyone
