"""The definition in `.pre-commit-hooks.yaml`, as the real pre-commit reads and runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
DEFINITION = ROOT / ".pre-commit-hooks.yaml"
GOOD = "version: 1\nwebhooks:\n  - {id: one, event: Lead_Post_Create, url: https://example.com/a}\n"
TOLD = GOOD.replace("url:", "notify_on_failure: [admins], url:")
NOTIFIERS = "version: 1\nnotifiers:\n  - {id: admins, type: log}\n"


class Repository:
    """A git repository with a bundle in `hooks/`, and pre-commit asked about what is staged in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs = Path(sys.executable).parent
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        path = f"{programs}{os.pathsep}{kept['PATH']}"
        self._environment = {**kept, "PATH": path, "PRE_COMMIT_HOME": str(folder / ".git" / "cache")}
        self.run("git", "init", "--quiet")

    def run(self, *command: str) -> tuple[int, str]:
        """The exit code of a program, and all it wrote."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
        )
        return done.returncode, done.stdout

    def stage(self, files: Mapping[str, str]) -> None:
        """Write files, by name, and `git add` them."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")
        self.run("git", "add", "--all")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_pre_commit_takes_the_definition(repository: Repository) -> None:
    assert repository.run("pre-commit", "validate-manifest", str(DEFINITION)) == (0, "")


def test_it_is_asked_about_yaml_files_only() -> None:
    (definition,) = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))
    asked = ["hooks/crm.yaml", "hooks/deep/er/erp.yml", "webhooks.yaml"]
    others = ["README.md", "hooks/crm.yaml.txt", "hooks/yaml", "hooks/crm.json"]
    assert [name for name in (*asked, *others) if re.search(definition["files"], name)] == asked


def test_a_commit_is_let_through_or_stopped_with_every_problem_of_the_whole_bundle(
    repository: Repository,
) -> None:
    (definition,) = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))
    hook = {**definition, "language": "system", "args": ["hooks"]}  # ours, not one that is installed
    config = yaml.safe_dump({"repos": [{"repo": "local", "hooks": [hook]}]})
    bundle = {"hooks/crm.yaml": TOLD, "hooks/people.yaml": NOTIFIERS}
    repository.stage({".pre-commit-config.yaml": config, "README": "", **bundle})
    code, said = repository.run("pre-commit", "run")
    assert code == 0, said
    assert re.search(r"hookwright validate\.+Passed", said)

    repository.stage({"hooks/people.yaml": NOTIFIERS.replace("admins", "ops")})
    code, said = repository.run("pre-commit", "run", "--files", "hooks/people.yaml")
    assert code == 1
    assert "unknown notifier" in said
    assert "--> hooks/crm.yaml:3:" in said  # the file that was not touched

    code, said = repository.run("pre-commit", "run", "--files", "README")
    assert code == 0
    assert "Skipped" in said


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_pre_commit_installs_this_repository_and_runs_it(repository: Repository) -> None:
    repository.stage({"hooks/crm.yaml": GOOD})
    attempt = ("pre-commit", "try-repo", str(ROOT), "hookwright-validate", "--verbose", "--all-files")
    code, said = repository.run(*attempt)
    assert code == 0, said
    assert "valid: 1 subscriber" in said
    repository.stage({"hooks/crm.yaml": GOOD.replace("url:", "urll:")})
    code, said = repository.run(*attempt)
    assert code == 1
    assert 'did you mean "url"?' in said
