import json
from pathlib import Path

import pytest


def test_the_schema_is_printed_with_what_plugins_add(hookwright) -> None:
    ran = hookwright("schema")
    assert (ran.code, ran.err) == (0, "")
    schema = json.loads(ran.out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "bearer" in ran.out


@pytest.mark.parametrize("name", ["event", "history"])
def test_the_other_schemas_are_printed_too(inside, name: str) -> None:
    assert json.loads(inside("schema", name).out)["$schema"].endswith("2020-12/schema")


def test_it_is_written_where_editors_look(inside, tmp_path: Path) -> None:
    ran = inside("schema", "config", "--write")
    assert (ran.code, ran.out) == (0, "")
    assert "wrote .hookwright/config.schema.json" in ran.err
    written = tmp_path / ".hookwright" / "config.schema.json"
    assert written.read_text() == inside("schema").out


def test_an_unknown_name_is_a_usage_error(inside) -> None:
    ran = inside("schema", "nothing")
    assert (ran.code, ran.out) == (4, "")
    assert "'nothing' is not" in ran.err


def test_a_folder_that_cannot_be_written_is_one_line(inside, tmp_path: Path) -> None:
    (tmp_path / ".hookwright").write_text("a file")
    ran = inside("schema", "--write")
    assert ran.code == 1
    assert ran.err.count("\n") == 1
