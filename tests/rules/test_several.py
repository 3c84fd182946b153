from __future__ import annotations

from pathlib import Path

from hookwright.rules.load import load
from hookwright.rules.several import shared_ids

HOOK = "  - {{id: {id}, event: Lead_Post_Create, url: 'https://erp.example.com/'}}\n"


def bundle(name: str, *ids: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("version: 1\nwebhooks:\n" + "".join(HOOK.format(id=each) for each in ids))
    return path


def told(*paths: Path | str) -> list[str]:
    bundles = [load(Path(path)).bundle for path in paths]
    return [str(problem) for problem in shared_ids(each for each in bundles if each)]


def test_one_id_in_two_bundles_is_told_with_both_places(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = bundle("a/a.yaml", "leads", "tasks"), bundle("b/b.yaml", "tasks"), bundle("c/c.yaml", "tasks")
    hint = "ids are unique over all bundles; check bundles that never live together one by one"
    assert told(*paths) == [
        f'b/b.yaml:3:10: HW101 error: duplicate id "tasks" ({hint}); first one here: a/a.yaml:4:10',
        f'c/c.yaml:3:10: HW101 error: duplicate id "tasks" ({hint}); first one here: a/a.yaml:4:10',
    ]


def test_what_one_bundle_says_twice_is_not_told_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert told(bundle("a.yaml", "leads", "leads"), bundle("b.yaml", "tasks")) == []


def test_a_file_that_is_named_twice_is_one_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = bundle("hooks/a.yaml", "leads")
    assert told("hooks", path, path.resolve()) == []
