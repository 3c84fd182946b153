"""`{acme: section.name}`: a secret from the INI file that ACME_SECRETS names."""

import configparser
import os
import re
from pathlib import Path
from typing import Any

from hookwright.plugins.errors import BadReference, MissingSecret

VARIABLE = "ACME_SECRETS"
FORM = r"[a-z0-9_-]{1,64}\.[a-z0-9_-]{1,64}"


class INISecrets:
    """Reads the file each time it is asked, so that a changed secret is seen."""

    name = "acme"
    schema: dict[str, Any] = {
        "type": "string",
        "pattern": f"^{FORM}$",
        "description": "A section and a name in the INI file that the variable ACME_SECRETS names.",
        "examples": ["erp.key"],
    }

    def resolve(self, reference: str) -> str:
        if not re.fullmatch(FORM, reference):
            raise BadReference(f"secret {{acme: {reference!r}}}: is not section.name")
        section, _, name = reference.partition(".")
        value = self._read(reference).get(section, name, fallback="")
        if not value:
            raise MissingSecret(self.name, reference, "the file has no such entry, or an empty one")
        return value

    def _read(self, reference: str) -> configparser.ConfigParser:
        parser = configparser.ConfigParser(interpolation=None)  # a % in a secret is a %
        path = os.environ.get(VARIABLE)
        if not path:
            raise MissingSecret(self.name, reference, f"{VARIABLE} is not set")
        try:
            parser.read_string(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise MissingSecret(self.name, reference, f"{path}: {error.strerror}") from None
        except (configparser.Error, ValueError):  # their messages quote lines of the file
            raise MissingSecret(self.name, reference, f"{path} is not an INI file") from None
        return parser
