from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from hookwright.engine.base32 import short


@given(st.binary(min_size=20, max_size=64))
def test_it_is_what_the_standard_library_writes(digest):
    assert short(digest) == base64.b32encode(digest)[:26].decode().lower()
