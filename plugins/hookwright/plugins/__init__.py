"""What a plugin author imports: `from hookwright.plugins import hookimpl`."""

from .hookspecs import hookimpl, hookspec

__all__ = ["hookimpl", "hookspec"]
