"""The bookkeeper: the one process of a node that writes its history and answers for every open delivery."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from hookwright.plugins.hookspecs import Encoder

from ..errors import EngineError, JournalError, LedgerUnavailable
from ..history.catching_up import book_lock
from ..history.digest import WINDOW
from ..journal.lineage import BOOK
from ..journal.repair import Repair, repair
from ..journal.room import RESERVE, Room
from ..journal.writer import SYNC, Entry, Writer
from ..state import State
from .book import Book, IndexUnavailable
from .booking import NO_ENCODERS, Booking, BookLedger
from .expunging import Expunger
from .heartbeat import Heartbeat, write_heartbeat
from .retention import KEEP, Keep, Retention

FOLLOW_EVERY = 0.03  # seconds between looks at intake's segments
BLOCK_MS = 200  # the longest wait for a result
TURN_EVERY = 0.02  # seconds between turns, at least, while results keep coming: each costs much beside them
PAUSE = (0.05, 1.0)  # seconds between tries while the ledger or the disk does not work: first, longest
TIDY_EVERY = 1.0  # seconds between steps of packing and dropping
DRAIN_SECONDS = 3.0  # for booking what is left at the end

log = structlog.get_logger(__name__)


class Bookkeeper:
    """Follows intake's journal, offers what is open, books results. `run` it in a process of its own.

    `state` is the state folder, `node` the node's name, `ledger` a ledger nobody else uses. `encoders` write
    the batches it closes. `clock` answers Unix seconds, `monotonic` those of a monotonic clock. `checkpoint`
    is called after each step of booking. `notice_window` is the milliseconds between two notices to a
    notifier about a subscriber, `reserve` the bytes of disk below which nothing new is begun.
    `keep` says how much history is kept.
    """

    def __init__(  # noqa: PLR0913  # one parameter a part
        self,
        state: Path,
        node: str,
        ledger: BookLedger,
        *,
        encoders: Mapping[str, Encoder] = NO_ENCODERS,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        fsync: Callable[[int], None] = SYNC,
        checkpoint: Callable[[str], None] = lambda _: None,
        notice_window: int = WINDOW,
        reserve: int = RESERVE,
        keep: Keep = KEEP,
    ) -> None:
        self._state = state
        self._node = node
        self._ledger = ledger
        self._encoders = encoders
        self._clock = clock
        self._monotonic = monotonic
        self._fsync = fsync
        self._checkpoint = checkpoint
        self._notice_window = notice_window
        self._room = Room(state, reserve)
        self._history = keep
        self._works = {"ledger": True, "journal": True, "index": True}
        self._beat_at = float("-inf")
        self._said: tuple[bool, ...] = ()
        self._crashed: BaseException | None = None

    def run(self, stop: threading.Event) -> None:
        """Keep the book until `stop` is set; then book what is left on the stream and return.

        Waits for the lock of a predecessor. A ledger or a disk that does not work is waited for; anything
        unforeseen is raised, for whoever started this process to start it again.
        """
        with book_lock(self._state, stop) as got:
            if not got:
                return
            repaired = self._repair()
            book = self._open(stop)
            if book is None:
                return
            writer = Writer(book.folder, BOOK, clock=self._clock, fsync=self._fsync, cut=True)
            try:
                for cut in repaired:
                    writer.append("repair", cut)
                self._keep(book, writer, stop)
            finally:
                writer.close()
                book.close()

    def _open(self, stop: threading.Event) -> Book | None:
        """Bring index and open set up to the journal's end, however long the disk takes to allow it."""
        while not stop.is_set():
            try:
                return Book(self._state, self._node, self._monotonic, window=self._notice_window)
            except (OSError, IndexUnavailable) as error:
                self._say("index", error)
                stop.wait(PAUSE[1])
        return None

    def _keep(self, book: Book, writer: Writer, stop: threading.Event) -> None:
        booking = Booking(
            book,
            writer,
            self._ledger,
            self._node,
            encoders=self._encoders,
            clock=self._clock,
            monotonic=self._monotonic,
            checkpoint=self._checkpoint,
            room=self._room,
        )
        over = threading.Event()
        thread = threading.Thread(target=self._book, args=(booking, stop, over), name="booking")
        thread.start()
        self._tidy(book, writer, over)
        while not over.wait(FOLLOW_EVERY):
            self._follow(book)
            self._beat(book, booking)
        thread.join()
        if self._crashed:
            raise self._crashed
        self._follow(book)
        self._beat(book, booking, last=True)

    def _tidy(self, book: Book, writer: Writer, over: threading.Event) -> None:
        """Start the thread that packs and drops old segments; breaking it off at the end harms nothing."""

        def append(lines: Sequence[Entry]) -> None:
            with book.lock:  # nobody reads lines that may be cut again
                writer.append_many(lines).result()

        retention = Retention(
            book,
            append,
            self._history,
            clock=self._clock,
            monotonic=self._monotonic,
            checkpoint=self._checkpoint,
        )

        expunger = Expunger(
            book,
            append,
            writer.rotate,
            self._ledger.expunging,
            self._node,
            clock=self._clock,
            checkpoint=self._checkpoint,
        )

        def tidy() -> None:
            while not over.wait(TIDY_EVERY):
                for turn in (expunger.turn, retention.turn):
                    try:
                        turn()
                    except (OSError, EngineError) as error:
                        log.warning("history_not_tidied", reason=str(error))

        threading.Thread(target=tidy, name="retention", daemon=True).start()

    def _repair(self) -> list[Repair]:
        found = repair(State(self._state).history)
        for each in found:
            log.warning("journal_repaired", segment=each.segment, reason=each.reason)
        return [each for each in found if isinstance(each, Repair)]

    def _follow(self, book: Book) -> None:
        try:
            book.follow()
        except (OSError, IndexUnavailable) as error:
            self._say("index", error)
        else:
            self._say("index", None)

    def _book(self, booking: Booking, stop: threading.Event, over: threading.Event) -> None:
        try:
            pause = PAUSE[0]
            while not stop.is_set():
                next_at = time.monotonic() + TURN_EVERY
                came = self._turn(booking, BLOCK_MS)
                if came is None:
                    stop.wait(pause)
                    pause = min(2 * pause, PAUSE[1])
                    continue
                pause = PAUSE[0]
                if came:
                    stop.wait(max(next_at - time.monotonic(), 0))
            self._drain(booking)
        except BaseException as error:  # noqa: BLE001  # raised again in the main thread
            self._crashed = error
        finally:
            over.set()

    def _drain(self, booking: Booking) -> None:
        end = time.monotonic() + DRAIN_SECONDS
        while self._turn(booking, 0) and time.monotonic() < end:
            pass

    def _turn(self, booking: Booking, block_ms: int) -> int | None:
        """How many results came; None when the ledger or the disk does not work."""
        try:
            came = booking.turn(block_ms)
        except LedgerUnavailable as error:
            self._say("ledger", error)
            return None
        except (JournalError, IndexUnavailable, OSError) as error:
            self._say("journal", error)
            return None
        self._say("ledger", None)
        self._say("journal", None)
        return came

    def _say(self, part: str, error: Exception | None) -> None:
        """Note whether a part works; log it when that changed."""
        if error and self._works[part]:
            log.warning("unavailable", part=part, reason=str(error))
        elif not error and not self._works[part]:
            log.info("works_again", part=part)
        self._works[part] = error is None

    def _beat(self, book: Book, booking: Booking, *, last: bool = False) -> None:
        """Write the sign of life: once a second, and at once when it says something new."""
        now = self._monotonic()
        room = not self._room.scarce
        said = (booking.caught_up, room, *self._works.values())
        if not last and said == self._said and now - self._beat_at < 1:
            return
        self._said, self._beat_at = said, now
        count, held = book.count()
        heartbeat = Heartbeat(
            pid=os.getpid(),
            caught_up=booking.caught_up,
            ledger=self._works["ledger"],
            journal=self._works["journal"] and self._works["index"],
            room=room,
            open=count,
            held=held,
            at=self._clock(),
            monotonic=time.monotonic(),
        )
        with suppress(OSError):  # a full disk must not stop the book; a stale sign of life says enough
            write_heartbeat(self._state, heartbeat)
