from __future__ import annotations

import os

import pytest

from hookwright.rules.files import find_files


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "hooks"
    folder.mkdir()
    return folder


def write(path, text="version: 1\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def names(bundle) -> list[str]:
    files = find_files(bundle.relative_to(bundle.parent))
    assert files.problems == ()
    return [name for _, name in files.found]


def problems(bundle) -> list[str]:
    return [str(problem) for problem in find_files(bundle.relative_to(bundle.parent)).problems]


def test_yaml_files_of_all_folders_in_the_order_of_their_names(bundle):
    for name in ("b.yaml", "a.yml", "teams/x.yaml", "teams/sales/y.yaml", "readme.md", "old.yaml.bak"):
        write(bundle / name)
    assert names(bundle) == ["hooks/a.yml", "hooks/b.yaml", "hooks/teams/sales/y.yaml", "hooks/teams/x.yaml"]


def test_hidden_files_suites_and_environments_do_not_count(bundle):
    for name in ("a.yaml", ".b.yaml", ".git/c.yaml", "a.test.yaml", "env/prod.yaml", "teams/env/x.yaml"):
        write(bundle / name)
    assert names(bundle) == ["hooks/a.yaml", "hooks/teams/env/x.yaml"]


def test_a_single_file_is_a_bundle(bundle):
    write(bundle / "only.conf")
    assert [name for _, name in find_files(bundle / "only.conf").found] == [str(bundle / "only.conf")]


def test_a_link_may_lead_anywhere_inside_the_bundle(bundle):
    """A mounted Kubernetes ConfigMap looks like this."""
    write(bundle / "..2026_11_24" / "a.yaml")
    (bundle / "..data").symlink_to("..2026_11_24")
    (bundle / "a.yaml").symlink_to("..data/a.yaml")
    assert names(bundle) == ["hooks/a.yaml"]


def test_a_file_is_taken_once_whatever_links_lead_to_it(bundle):
    write(bundle / "a.yaml")
    write(bundle / "teams" / "x.yaml")
    (bundle / "b.yaml").symlink_to("a.yaml")
    (bundle / "again").symlink_to("teams")
    (bundle / "loop").symlink_to(".")
    assert names(bundle) == ["hooks/a.yaml", "hooks/again/x.yaml"]


def test_a_link_out_of_the_bundle_is_refused(bundle, tmp_path):
    write(tmp_path / "elsewhere" / "x.yaml")
    write(bundle / "a.yaml")
    (bundle / "b.yaml").symlink_to("../elsewhere/x.yaml")
    (bundle / "folder").symlink_to("../elsewhere")
    hint = "copy it into the bundle: what is applied must stand in the bundle"
    assert problems(bundle) == [
        f"hooks/b.yaml: HW106 error: a link that leads out of the bundle ({hint})",
        f"hooks/folder: HW106 error: a link that leads out of the bundle ({hint})",
    ]


def test_links_to_nowhere_and_to_themselves_are_problems(bundle):
    write(bundle / "a.yaml")
    (bundle / "b.yaml").symlink_to("gone.yaml")
    (bundle / "c.yaml").symlink_to("c.yaml")
    found = problems(bundle)
    assert found[0] == "hooks/b.yaml: HW110 error: cannot be read: No such file or directory"
    assert found[1].startswith("hooks/c.yaml: HW110 error: cannot be read: ")
    assert len(found) == 2


def test_a_bundle_without_files_is_a_problem(bundle):
    write(bundle / "notes.txt")
    hint = "hidden files, *.test.yaml, *.timeline.yaml and the folder env/ do not count"
    assert problems(bundle) == [f"hooks: HW107 error: no *.yaml or *.yml file found ({hint})"]


def test_a_path_that_does_not_exist_is_a_problem(bundle):
    found = find_files(bundle / "gone").problems
    assert [(each.code, each.message) for each in found] == [
        ("HW110", "cannot be read: No such file or directory")
    ]


def test_a_name_that_is_no_text_is_shown_on_one_line(bundle):
    raw = os.fsencode(bundle) + b"/a\xff\n.yaml"
    try:
        descriptor = os.open(raw, os.O_CREAT | os.O_WRONLY)
    except OSError:  # a file system that takes UTF-8 only
        write(bundle / "a\n.yaml")
        assert names(bundle) == ["hooks/a\\n.yaml"]
        return
    os.close(descriptor)
    assert names(bundle) == ["hooks/a\\\\xff\\n.yaml"]
