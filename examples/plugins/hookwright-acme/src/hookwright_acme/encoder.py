"""`encoder: acme-csv`: an object, or a list of objects, as a table."""

import csv
import io
import json
from typing import Any

from hookwright.plugins.errors import EncodeError
from hookwright.plugins.hookspecs import BodyContext, Encoded


class CSVEncoder:
    """One row an object; the columns are all keys, in the order in which they first appear."""

    name = "acme-csv"
    content_types = ("text/csv",)
    schema: dict[str, Any] = {}

    def encode(self, value: Any, context: BodyContext) -> Encoded:
        rows = value if isinstance(value, list) else [value]
        if not all(isinstance(row, dict) for row in rows):
            raise EncodeError("only an object, or a list of objects, makes a table")
        columns = dict.fromkeys(key for row in rows for key in row)
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([cell(row.get(column)) for column in columns])
        return Encoded(text.getvalue().encode())


def cell(value: Any) -> str:
    """Text as it is, nothing for null, and JSON for all else."""
    if value is None or isinstance(value, str):
        return value or ""
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise EncodeError(f"not a JSON value: {error}") from None
