"""Room on the disk: seen before it is gone, and again when it is back."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookwright.engine.journal.room import Room, free_bytes


class Disk:
    def __init__(self) -> None:
        self.left = 100
        self.asked = 0
        self.now = 0.0

    def free(self, folder: Path) -> int:
        self.asked += 1
        if self.left < 0:
            raise OSError("gone")
        return self.left


@pytest.mark.fault(18)
def test_room_is_scarce_below_the_reserve_and_not_again_when_it_is_back() -> None:
    disk = Disk()
    room = Room(Path("/x"), 50, free=disk.free, clock=lambda: disk.now)
    seen = []
    for left in (100, 50, 49, 0, -1, 60):
        disk.left, disk.now = left, disk.now + 1
        seen.append(room.scarce)
    assert seen == [False, False, True, True, False, False]


def test_the_disk_is_not_asked_for_every_event() -> None:
    disk = Disk()
    room = Room(Path("/x"), 50, free=disk.free, clock=lambda: disk.now)
    assert [room.scarce for _ in range(100)] == [False] * 100
    assert disk.asked == 1


def test_the_real_disk_is_asked_in_bytes(tmp_path: Path) -> None:
    assert free_bytes(tmp_path) > 1024
    assert Room(tmp_path, 1 << 62).scarce
    assert str(Room(tmp_path, 8 << 20)) == f"less than 8 MiB are free under {tmp_path}"
