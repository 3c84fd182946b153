"""What every encoder keeps."""

from __future__ import annotations

import copy
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from ..headers import RESERVED_HEADERS, check_header
from ..hookspecs import Encoder
from .samples import VALUES, body_context
from .schemas import check_named


class EncoderContract(ABC):
    """What every encoder keeps. `values` may be replaced by what yours is made for."""

    values: ClassVar[Sequence[Any]] = VALUES

    @abstractmethod
    def make(self) -> Encoder:
        """A fresh encoder."""

    def test_its_name_schema_and_content_types_are_usable(self) -> None:
        encoder = self.make()
        check_named(encoder.name, encoder.schema)
        assert encoder.content_types, "an encoder claims at least one content type"
        for one in encoder.content_types:
            assert one == one.lower(), f"content type {one!r} is not lower case"
            assert ";" not in one, f"content type {one!r} has a parameter"

    def test_the_same_value_gives_the_same_bytes(self) -> None:
        for value in self.values:
            first, second = (self._encode(self.make(), copy.deepcopy(value)) for _ in range(2))
            assert first == second, f"two encoders disagree about {value!r}"

    def test_bodies_are_bytes_and_headers_may_go_on_the_wire(self) -> None:
        encoder = self.make()
        encoded = [
            encoder.encode(copy.deepcopy(value), body_context(encoder.content_types[0]))
            for value in self.values
            if self._encode(encoder, copy.deepcopy(value)) is not None
        ]
        assert encoded, "the encoder refuses every value: give the contract some in `values`"
        for one in encoded:
            assert type(one.body) is bytes, f"the body is {type(one.body).__name__}, not bytes"
            for name, value in one.headers:
                check_header(name, value)
                assert name.lower() not in RESERVED_HEADERS, f"header {name} is not the encoder's to set"

    def test_a_value_as_it_was_received_is_encoded_too(self) -> None:
        encoder = self.make()
        for value in self.values:
            context = body_context(encoder.content_types[0], raw=json.dumps(value).encode())
            try:
                body = encoder.encode(copy.deepcopy(value), context).body
            except ValueError:  # as without the bytes
                continue
            assert type(body) is bytes, f"with `raw` the body is {type(body).__name__}, not bytes"

    def test_the_value_is_left_as_it_was(self) -> None:
        for value in self.values:
            given = copy.deepcopy(value)
            self._encode(self.make(), given)
            assert given == value, f"encode changed the value it was given: {value!r}"

    def test_what_cannot_be_said_is_a_value_error(self) -> None:
        for value in (math.nan, {"a": math.inf}, {"a": {1, 2}}):
            body = self._encode(self.make(), value)  # anything but a ValueError fails here
            assert body is None or type(body) is bytes

    def _encode(self, encoder: Encoder, value: Any) -> bytes | None:
        """The body, or None where the encoder says that it cannot encode this value."""
        try:
            return encoder.encode(value, body_context(encoder.content_types[0])).body
        except ValueError:  # EncodeError is one
            return None
