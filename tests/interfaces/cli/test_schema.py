import json
import subprocess
import sys
from pathlib import Path

import pytest

from ..conftest import environment


def test_the_schema_is_printed_with_what_plugins_add(hookwright) -> None:
    ran = hookwright("schema")
    assert (ran.code, ran.err) == (0, "")
    schema = json.loads(ran.out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "bearer" in ran.out


@pytest.mark.parametrize("name", ["event", "explanation", "history"])
def test_the_other_schemas_are_printed_too(inside, name: str) -> None:
    assert json.loads(inside("schema", name).out)["$schema"].endswith("2020-12/schema")


def test_it_is_written_where_editors_look(inside, tmp_path: Path) -> None:
    ran = inside("schema", "config", "--write")
    assert (ran.code, ran.out) == (0, "")
    assert "wrote .hookwright/config.schema.json" in ran.err
    written = tmp_path / ".hookwright" / "config.schema.json"
    assert written.read_text() == inside("schema").out
    assert [path.name for path in written.parent.iterdir()] == [written.name]


def test_what_is_written_is_refreshed_and_left_alone_while_it_is_fresh(inside, tmp_path: Path) -> None:
    inside("schema", "--write")
    written = tmp_path / ".hookwright" / "config.schema.json"
    fresh, seen = written.read_bytes(), written.stat().st_ino
    again = inside("schema", "--write")
    assert (again.code, written.stat().st_ino) == (0, seen)
    assert again.err == ".hookwright/config.schema.json is up to date\n"
    written.write_bytes(fresh[: len(fresh) // 2])
    assert inside("schema", "--write").err == "wrote .hookwright/config.schema.json\n"
    assert written.read_bytes() == fresh


def test_the_schema_offers_what_editors_can_show(inside) -> None:
    schema = json.loads(inside("schema").out)
    webhook = schema["$defs"]["webhook"]["properties"]["event"]
    assert webhook == {"$ref": "#/$defs/subscriber/properties/event"}
    event = schema["$defs"]["subscriber"]["properties"]["event"]["anyOf"][0]
    assert "Lead_Post_Create" in {each["body"] for each in event["defaultSnippets"]}
    assert schema["$defs"]["target"]["properties"]["encoder"]["examples"] == ["form", "json", "text"]


def test_an_unknown_name_is_a_usage_error(inside) -> None:
    ran = inside("schema", "nothing")
    assert (ran.code, ran.out) == (4, "")
    assert "'nothing' is not" in ran.err


def test_a_folder_that_cannot_be_written_is_one_line(inside, tmp_path: Path) -> None:
    (tmp_path / ".hookwright").write_text("a file")
    ran = inside("schema", "--write")
    assert ran.code == 1
    assert ran.err.count("\n") == 1


def test_a_folder_in_the_place_of_the_file_is_one_line_and_nothing_is_left_behind(
    inside, tmp_path: Path
) -> None:
    folder = tmp_path / ".hookwright"
    (folder / "config.schema.json" / "full").mkdir(parents=True)
    ran = inside("schema", "--write")
    assert (ran.code, ran.err) == (1, "error: .hookwright/config.schema.json: Is a directory\n")
    assert [path.name for path in folder.iterdir()] == ["config.schema.json"]


def test_a_link_that_lies_in_wait_is_not_written_through(inside, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    folder = tmp_path / ".hookwright"
    folder.mkdir()
    for name in ("config.schema.json", ".config.schema.json.new"):
        (folder / name).symlink_to(precious)
    assert inside("schema", "--write").code == 0
    assert precious.read_text() == "keep me"
    assert (folder / "config.schema.json").read_text() == inside("schema").out


def test_a_full_disk_is_no_fault_of_the_program() -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "hookwright", "schema"],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert ran.returncode == 1
    assert ran.stderr == b"error: cannot write all of it: No space left on device\n"
