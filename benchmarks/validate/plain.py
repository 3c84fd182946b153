"""The baseline: `yaml.safe_load` and plain jsonschema over the files of a folder, without a position.

`python -m benchmarks.validate.plain FOLDER SCHEMA.json` prints each fault as jsonschema says it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator


def main(folder: Path, schema: Path) -> None:
    """Print every fault of every file."""
    validator = Draft202012Validator(json.loads(schema.read_bytes()))
    for file in sorted(folder.glob("*.yaml")):
        value = yaml.safe_load(file.read_text(encoding="utf-8"))
        for error in validator.iter_errors(value):
            print(f"{file}: {error.json_path}: {error.message}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
