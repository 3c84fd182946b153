"""How much one evaluation may do: steps are counted, so a costly one ends without threads or signals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from jinja2 import UndefinedError
from jinja2.runtime import Context

from ..errors import ExpressionError

STEPS: Final = 50_000
CHARACTERS_A_STEP: Final = 100
VARIABLE: Final = "_budget"  # no expression can say this name


class Budget:
    """The steps left to one evaluation. A step is one value looked at, or 100 characters read or written."""

    __slots__ = ("_left",)

    def __init__(self, steps: int = STEPS) -> None:
        self._left = steps

    def spend(self, steps: int) -> None:
        """Raises `ExpressionError` when there are not so many steps left."""
        self._left -= steps
        if self._left < 0:
            raise ExpressionError("there is too much to do with this event")

    def spend_on(self, characters: int) -> None:
        """The steps that so many characters cost, one at least."""
        self.spend(1 + characters // CHARACTERS_A_STEP)


def budget_of(context: Context) -> Budget:
    """The budget of the evaluation this context belongs to."""
    budget = context[VARIABLE]
    assert isinstance(budget, Budget)
    return budget


@contextmanager
def computing() -> Iterator[None]:
    """Makes an `ExpressionError` of all that an evaluation raises."""
    try:
        yield
    except ExpressionError:
        raise
    except UndefinedError as error:
        raise ExpressionError(str(error.message)) from None
    except Exception as error:
        raise ExpressionError(f"it cannot be computed: {type(error).__name__}") from error
