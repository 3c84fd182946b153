from pathlib import Path

import pytest

from hookwright.interfaces.settings import SettingsError, read_settings


def _written(folder: Path, text: str | bytes) -> Path:
    path = folder / "hookwright.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_no_file_is_no_settings(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "hookwright.toml").values == {}


def test_keys_may_be_written_like_their_flags(tmp_path: Path) -> None:
    path = _written(tmp_path, 'redis-url = "redis://x"\n[history.list]\nevent-type = "a"\n')
    settings = read_settings(path)
    assert settings.values == {"redis_url": "redis://x", "history": {"list": {"event_type": "a"}}}
    assert settings.place("redis_url") == f"{path}:1:1"
    assert settings.place("history", "list", "event_type") == f"{path}:3:1"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("state = \n", ":1:9: Invalid value"),
        ("a = 1\nb = [1,\n", ":3:1: "),
        ("a = 1\n a = 2\n", ":2:"),
        (b"a = '\xff'", ": not UTF-8 (byte 5)"),
        ("a = " + "[" * 5000, ": "),
    ],
)
def test_a_broken_file_is_told_with_its_place(tmp_path: Path, text: str | bytes, where: str) -> None:
    path = _written(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        read_settings(path)
    assert str(caught.value).startswith(f"{path}{where}")
    assert "\n" not in str(caught.value)


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "hookwright.toml").mkdir()
    with pytest.raises(SettingsError, match="Is a directory"):
        read_settings(tmp_path / "hookwright.toml")
