"""The tutorial is true: it is carried out as it stands, and shows what the page says."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from .tutorial import WIDTH, Lie, Tutorial, blocks, match

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "tutorial" / "first-webhook.md"
PORTS = ("8420", "8421")  # those the page speaks of: the server's own, and the receiver's


@pytest.fixture
def carry_out(tmp_path, until):
    """Runs a page in an empty folder, on ports that are free here."""
    with ExitStack() as sockets:
        free = [sockets.enter_context(socket.socket()) for _ in PORTS]
        for each in free:
            each.bind(("127.0.0.1", 0))
        ports = dict(zip(PORTS, (str(each.getsockname()[1]) for each in free), strict=True))
    folder = tmp_path / "first"
    folder.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOOKWRIGHT_")}
    environment = {
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TERM": "xterm-256color",
        "NO_COLOR": "1",
        "COLUMNS": str(WIDTH),  # whatever else ran in this process may have set another
        "HOOKWRIGHT_PORT": ports["8420"],
    }

    def run(page):
        Tutorial(page, folder, environment, ports, until).run()

    return run


def test_the_tutorial_shows_what_happens(carry_out):
    carry_out(PAGE)


@pytest.mark.parametrize(
    ("text", "lie"),
    [
        ("$ echo one\ntwo", "the page shows\n\ntwo\n\nbut what appears is\n\none"),
        ("$ printf 'one\\ntwo\\n'\none", "but what appears goes on with\n\ntwo"),
        ("$ echo one\none\ntwo", "the page shows"),
        ("$ printf one", "but what appears goes on with\n\none"),
        ("$ echo dlv_a dlv_b\ndlv_x dlv_x", "dlv_x is dlv_a, but here it would be dlv_b"),
        ("$ false\n…\nend", "the page shows"),
    ],
)
def test_a_page_that_lies_is_caught(carry_out, tmp_path, text, lie):
    page = tmp_path / "page.md"
    page.write_text(f"Type:\n\n```console\n{text}\n```\n")
    with pytest.raises(Lie) as caught:
        carry_out(page)
    assert str(caught.value).startswith("page.md:4: ")
    assert lie in str(caught.value)


def test_a_page_is_carried_out_in_its_order(carry_out, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "Write `sub/a.yaml`:\n\n```yaml\na: 8421\n```\n\n"
        "In a second terminal:\n\n```console\n$ tail -f sub/a.yaml\na: 8421\n```\n\n"
        "```console\n$ echo dlv_x 12:00:00 >> sub/a.yaml\n$ echo dlv_y\ndlv_z\n```\n\n"
        "```console\n$ echo dlv_z; echo 3; echo 4\ndlv_z\n…\n4\n```\n\n"
        "The second terminal shows:\n\n```console\ndlv_x 13:30:01\n```\n\n"
        "In the second terminal:\n\n```console\n^C\n$ echo again\nagain\n```\n"
    )
    carry_out(page)


def test_a_block_knows_its_language_its_place_and_its_paragraph():
    (found,) = blocks("old\n\nnew\ntext\n\n```sh\nx\n```\n")
    assert (found.language, found.line, found.lines, found.before.strip()) == ("sh", 7, ("x",), "new text")


def test_dots_stand_for_any_lines_and_as_few_as_they_can():
    found = match(["…", "b", "…"], ["a", "b", "c", "b"])
    assert (found.taken, found.left) == (4, 0)
    assert match(["…", "b"], ["a", "b", "c"]).taken == 2
    assert match(["…", "d"], ["a", "b"]) is None


def test_all_of_the_page_is_carried_out_but_the_installation():
    found = list(blocks(PAGE.read_text(encoding="utf-8")))
    assert {each.language for each in found} == {"sh", "yaml", "console"}
    assert [each.before for each in found if each.language == "sh"] == ["## Install"]
