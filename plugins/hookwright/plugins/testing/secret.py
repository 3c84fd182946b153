"""What every secret source keeps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor

from ..errors import BadReference, MissingSecret
from ..hookspecs import SecretSource
from .schemas import check_named, check_valid


class SecretContract(ABC):
    """What every secret source keeps: `known` is a reference it finds, `missing` one it does not."""

    known: str
    value: str
    missing: str

    @abstractmethod
    def make(self) -> SecretSource:
        """A source that finds `value` under `known`."""

    def test_its_name_and_schema_are_usable(self) -> None:
        source = self.make()
        check_named(source.name, source.schema)
        check_valid(self.known, source.schema)

    def test_it_finds_a_secret(self) -> None:
        assert self.make().resolve(self.known) == self.value

    def test_it_finds_it_again(self) -> None:
        source = self.make()
        assert source.resolve(self.known) == source.resolve(self.known)

    def test_it_may_be_asked_from_several_threads(self) -> None:
        source = self.make()
        with ThreadPoolExecutor(4) as threads:
            found = set(threads.map(source.resolve, [self.known] * 20))
        assert len(found) == 1, "threads that ask at once get different secrets"

    def test_a_missing_secret_is_named(self) -> None:
        said = None
        try:
            self.make().resolve(self.missing)
        except MissingSecret as error:
            said = str(error)
        assert said is not None, "a missing secret raises MissingSecret"
        assert self.missing in said, "the error names the reference"

    def test_strange_references_are_refused(self) -> None:
        for reference in ("", "\0", "../" * 40, "x" * 100_000, "\ud800"):
            found = True
            try:
                self.make().resolve(reference)
            except (MissingSecret, BadReference):
                found = False
            assert not found, f"{reference[:20]!r} found something"

    def test_it_never_shows_a_secret(self) -> None:
        source = self.make()
        source.resolve(self.known)
        assert self.value not in repr(source), "repr() of the source holds the secret"
