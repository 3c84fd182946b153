"""The page of ten mistakes shows what `validate` says, word for word."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "explanation" / "ten-mistakes.md"
NAMED = re.compile(r"# (\S+\.yaml)\n")  # a first line that names the file; `webhooks.yaml` else
REVISION = re.compile(r"sha256:[0-9a-f]+")


@dataclass(frozen=True)
class Mistake:
    """A section of the page: the files it has people write, what they type, and what it says appears."""

    title: str
    files: dict[str, str]
    typed: str
    shown: str


def mistakes() -> list[Mistake]:
    _, *sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [_mistake(section) for section in sections if "```console" in section]


def _mistake(section: str) -> Mistake:
    written = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    files = {named[1] if (named := NAMED.match(text)) else "webhooks.yaml": text for text in written}
    ((typed, shown),) = re.findall(r"```console\n\$ hookwright (.*?)\n(.*?)\n```", section, re.DOTALL)
    return Mistake(section.partition("\n")[0], files, typed, shown)


def test_there_are_ten() -> None:
    assert [each.title.partition(".")[0] for each in mistakes()] == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize("mistake", mistakes(), ids=lambda mistake: mistake.title)
def test_the_page_shows_what_is_said(mistake: Mistake, inside, tmp_path: Path) -> None:
    for name, text in mistake.files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    ran = inside(*shlex.split(mistake.typed))
    assert REVISION.sub("sha256:…", ran.out + ran.err).rstrip() == mistake.shown
    assert ran.code == (0 if "valid:" in mistake.shown else 1)
