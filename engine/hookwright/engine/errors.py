"""The engine's errors, one small tree.

EngineError
├── JournalError        a line could not be written to disk: it was not accepted
└── LedgerUnavailable   Redis cannot answer now: keep what you have and ask again
    └── LedgerTooNew    the data in Redis was written by a newer Hookwright
"""

from __future__ import annotations


class EngineError(Exception):
    """Anything the engine raises on purpose."""


class JournalError(EngineError):
    """A line could not be written to disk. Nothing that waited for it may be acknowledged."""


class LedgerUnavailable(EngineError):
    """Redis is away, loading, read-only, full or slow. Every call of the ledger may be repeated."""


class LedgerTooNew(LedgerUnavailable):
    """An older Hookwright must not touch the data of a newer one; upgrade this one."""
