"""Heirs: a node that is gone is taken over by another, and marks in the folders of both say so.

In the folder that is taken over `adopted.json` names the heir, for good. In the heir's `adopting.json` names
the node whose journal it has in part, until it has all of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .state import State, StateBusy, sync_folder, write_private


@dataclass(frozen=True, slots=True)
class Adopted:
    """By whom; `whole` when everything has been taken over."""

    by: str
    whole: bool


def adopted(state: State) -> Adopted | None:
    """Who takes over the node of this folder, if anybody does. Raises `OSError`."""
    found = _read(_adopted(state))
    return None if found is None else Adopted(str(found.get("by")), whole=found.get("whole") is True)


def mark_adopted(state: State, mark: Adopted) -> None:
    """Raises `OSError`."""
    write_private(_adopted(state), json.dumps({"by": mark.by, "whole": mark.whole}) + "\n")


def adopting(state: State) -> str | None:
    """The node that this folder's is about to take over. Raises `OSError`."""
    found = _read(_adopting(state))
    return None if found is None else str(found.get("node"))


def mark_adopting(state: State, node: str | None) -> None:
    """None when it is done. Raises `OSError`."""
    if node is not None:
        write_private(_adopting(state), json.dumps({"node": node}) + "\n")
        return
    _adopting(state).unlink(missing_ok=True)
    sync_folder(state.path)


def refuse_adopted(state: State) -> None:
    """Raises `StateBusy` when another node has taken this one over, or is about to."""
    mark = adopted(state)
    if mark is not None:
        raise StateBusy(
            f"the node of {state.path} was adopted by {mark.by}, which goes on with its deliveries;"
            " choose another --state"
        )


def refuse_adopting(state: State, but: str = "") -> None:
    """Raises `StateBusy` when a node, other than `but`, was taken over in part."""
    node = adopting(state)
    if node not in {None, but}:
        raise StateBusy(
            f"{state.path} has the history of {node} in part;"
            " run `hookwright journal adopt` with that node's folder again"
        )


def _adopted(state: State) -> Path:
    return state.path / "adopted.json"


def _adopting(state: State) -> Path:
    return state.path / "adopting.json"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
