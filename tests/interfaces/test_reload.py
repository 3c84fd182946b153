"""Reload: one application per change, after the files are still, again only if it could not be done."""

from __future__ import annotations

from hookwright.interfaces.reload import Reload


def test_a_change_is_applied_once_and_only_when_the_files_are_still(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("one")
    applied = []
    reload = Reload(tmp_path, lambda: applied.append(file.read_text()) or True)
    reload.look()
    file.write_text("two, being written")
    reload.look()
    file.write_text("two, complete")
    reload.look()
    assert applied == []
    reload.look()
    reload.look()
    assert applied == ["two, complete"]


def test_what_could_not_be_applied_is_tried_again(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("one")
    answers = [False, False, True]
    reload = Reload(file, lambda: answers.pop(0))
    file.write_text("changed")
    for _ in range(6):
        reload.look()
    assert answers == []


def test_a_deleted_and_an_added_file_are_changes(tmp_path):
    (tmp_path / "a.yaml").write_text("one")
    seen = []
    reload = Reload(tmp_path, lambda: seen.append(sorted(path.name for path in tmp_path.iterdir())) or True)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.yaml").write_text("two")
    reload.look()
    reload.look()
    (tmp_path / "a.yaml").unlink()
    reload.look()
    reload.look()
    assert seen == [["a.yaml", "sub"], ["sub"]]


def test_files_that_are_none_of_the_bundle_do_not_matter(tmp_path):
    (tmp_path / "a.yaml").write_text("one")
    applied = []
    reload = Reload(tmp_path, lambda: applied.append(1) or True)
    (tmp_path / ".hookwright").mkdir()
    for name in ("serve.log", ".hookwright/state.yaml", "a.test.yaml", ".a.yaml.swp"):
        (tmp_path / name).write_text("changed")
        reload.look()
        reload.look()
    assert applied == []


def test_a_file_that_the_bundle_names_is_one_of_its_own_even_before_it_is_there(tmp_path):
    (tmp_path / "a.yaml").write_text("one")
    named, applied = [tmp_path / "cold.json"], []
    reload = Reload(tmp_path, lambda: applied.append(1) or True, lambda: named)
    for text in ("one", "another"):
        named[0].write_text(text)
        reload.look()
        reload.look()
        reload.look()
    assert applied == [1, 1]
    named.clear()
    reload.look()
    reload.look()
    assert applied == [1, 1, 1]
