from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hookwright.rules.load import Loaded, load
from hookwright.rules.model import Model


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Loaded]:
    """Loads texts as the files of a bundle named `hooks`; `version: 1` is put before each."""
    monkeypatch.chdir(tmp_path)

    def load_texts(texts: str | Mapping[str, str], **options: object) -> Loaded:
        files = {"hooks.yaml": texts} if isinstance(texts, str) else texts
        for name, text in files.items():
            path = tmp_path / "hooks" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"version: 1\n{text}")
        return load(Path("hooks"), **options)

    return load_texts


@pytest.fixture
def model(bundle: Callable[..., Loaded]) -> Callable[..., Model]:
    """Like `bundle`, for texts without an error."""

    def load_model(texts: str | Mapping[str, str], **options: object) -> Model:
        loaded = bundle(texts, **options)
        assert loaded.model is not None, "\n".join(map(str, loaded.problems))
        return loaded.model

    return load_model
