"""What a URL may hold that nobody should read: user name, password, parameters named like a secret."""

from __future__ import annotations

import re
from urllib.parse import unquote

from .secret_names import looks_secret

# A slash or a question mark may stand in a password that should have been escaped; digits alone are a port.
# The next "://" ends the search, or many of them in a line would be read again for each.
_USER = re.compile(
    r"://(?:[^/?#\s\"':]*:(?![0-9]{1,5}(?:[/?#\"'\s]|\Z))(?:[^\s\"':]|:(?!//))*@|[^/?#\s\"']*@)"
)
_PARAMETER = re.compile(r"([?&]([^=&?#\s\"']+)=)(?:[^&#\"',}\]]|,(?!\s))+")


def without_credentials(text: str, shown: str = "...") -> str:
    """The same, with `shown` in place of all user names, passwords and secret parameters of URLs in it."""

    def parameter(found: re.Match[str]) -> str:
        return f"{found[1]}{shown}" if looks_secret(unquote(found[2])) else found[0]

    return _PARAMETER.sub(parameter, _USER.sub(f"://{shown}@", text))
