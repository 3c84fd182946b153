"""Other libraries asked the same: moto's EventBridge, and zen-engine with patterns as its expressions.

Each in the fastest form it offers. Where an answer differs from ours the event is counted and left out of the
timing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from .expressions import expression
from .timing import Contender


def peers(patterns: Mapping[str, Any]) -> Iterator[Contender]:
    """Those that are installed (`./dev bench` installs them) and can be asked these patterns."""
    if find_spec("moto"):
        yield Contender("moto", Moto(patterns).match, must_agree=False)
    if find_spec("zen"):
        try:
            yield Contender("zen", Zen(patterns).match, must_agree=False)
            yield Contender("zen decision", ZenDecision(patterns).match, must_agree=False)
        except NotImplementedError:
            return


class Moto:
    """moto's `EventPattern` at its best: an event is flattened once, not once a pattern, nor copied."""

    def __init__(self, patterns: Mapping[str, Any]) -> None:
        from moto.events.models import EventPattern  # noqa: PLC0415 - not installed by default

        self._flattened = EventPattern._flatten_dict  # noqa: SLF001 - its public method copies the event
        self._patterns = [(id_, EventPattern(None, pattern), pattern) for id_, pattern in patterns.items()]

    def match(self, data: Any) -> frozenset[str]:
        flat = self._flattened(data)
        return frozenset(
            id_
            for id_, asked, pattern in self._patterns
            if asked._does_event_match(flat, pattern)  # noqa: SLF001
        )


class Zen:
    """zen-engine, one compiled expression a pattern."""

    def __init__(self, patterns: Mapping[str, Any]) -> None:
        import zen  # noqa: PLC0415 - not installed by default

        self._compiled = [(id_, zen.compile_expression(expression(each))) for id_, each in patterns.items()]

    def match(self, data: Any) -> frozenset[str]:
        return frozenset(id_ for id_, compiled in self._compiled if compiled.evaluate(data))


class ZenDecision:
    """zen-engine, one decision with an expression a pattern: the event goes over into Rust once."""

    def __init__(self, patterns: Mapping[str, Any]) -> None:
        import zen  # noqa: PLC0415 - not installed by default

        written = [{"id": id_, "key": id_, "value": expression(each)} for id_, each in patterns.items()]
        nodes = [
            {"id": "in", "name": "in", "type": "inputNode"},
            {"id": "all", "name": "all", "type": "expressionNode", "content": {"expressions": written}},
            {"id": "out", "name": "out", "type": "outputNode"},
        ]
        edges = [
            {"id": f"{source}-{target}", "sourceId": source, "targetId": target, "type": "edge"}
            for source, target in (("in", "all"), ("all", "out"))
        ]
        graph = {"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges}
        self._decision = zen.ZenEngine().create_decision(json.dumps(graph))

    def match(self, data: Any) -> frozenset[str]:
        answers = self._decision.evaluate(data)["result"]
        return frozenset(id_ for id_, answer in answers.items() if answer)
