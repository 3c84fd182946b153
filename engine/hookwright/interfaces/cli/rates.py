"""Rates on the command line: so many a second, `8` or `8/s`, and `600/m` for those who think in minutes."""

from __future__ import annotations

from typing import Any

import click

from hookwright.schemas.grammar import rate as read_rate


class PerSecond(click.FloatRange):
    """An option's type: how many a second, within bounds."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        text = str(value)
        try:
            number, period = read_rate(text)
        except ValueError as error:
            try:
                return super().convert(float(text), param, ctx)
            except ValueError:
                self.fail(str(error), param, ctx)
        return super().convert(number * 1000 / period, param, ctx)


def rate_text(per_second: float) -> str:
    """The same as a text of the API, in the largest unit that says it in whole numbers: `50/s`, `30/m`."""
    for unit, seconds in (("s", 1), ("m", 60)):
        if (per_second * seconds).is_integer():
            return f"{round(per_second * seconds)}/{unit}"
    return f"{max(1, round(per_second * 3600))}/h"
