# Recipes of the project. Without uv and just at hand, `./dev RECIPE` brings them.

set shell := ["bash", "-euo", "pipefail", "-c"]

# List the recipes.
default:
    @just --list --unsorted

# Run the main job: a receiver, a server, workers and a stream of events; ends by itself.
demo *arguments="--events 30":
    hookwright demo {{ arguments }}

# Everything CI runs.
check: lint types imports test faults docs wheel plugin

# Style and likely mistakes.
lint:
    ruff check .
    ruff format --check .

# mypy strict on the code, pyright strict on the public API as its users type against it.
types:
    mypy
    pyright

# Imports point one way.
imports:
    lint-imports

# The default tests (under four minutes), a file at a time, two on every core: half of the time they wait.
test *arguments:
    pytest --numprocesses $(( 2 * {{ num_cpus() }} )) --dist loadfile {{ arguments }}

# Killed, stopped, cut off and filled up, between real processes: the short forms.
faults *arguments:
    pytest -m "faults and not slow" --numprocesses {{ num_cpus() }} --dist loadfile tests/e2e/faults {{ arguments }}

# The long forms: crash loops, large property runs.
lab *arguments:
    pytest -m slow --timeout 1800 {{ arguments }}

# Run every short form of a fault and write down how it ended; `just reliability slow` runs the long ones.
reliability form="not slow":
    python -m pytest -p tests.reliability -m "fault and {{ form }}" --numprocesses {{ num_cpus() }} --dist loadfile --timeout 3000
    python docs/generate.py

# Real payloads, an independent receiver, a language server: needs npm, and Debian's `webhook` (fetched with apt if it is missing).
interop:
    npm ci --prefix tests/e2e/interop --no-audit --no-fund
    command -v webhook > /dev/null || (apt-get update -q && apt-get install -y -q webhook)
    pytest -m interop tests/e2e -s

# Generated pages are fresh.
docs:
    python docs/generate.py --check

# Write the generated pages.
docs-write:
    python docs/generate.py

# The wheel holds the package and nothing else, and runs where nothing of the project is.
wheel:
    python tests/wheel.py

# The example plugin works as a wheel beside Hookwright's, from YAML to a call and a notice.
plugin:
    python tests/plugin_wheel.py

# Ratios against named baselines, in one run.
bench:
    python -m benchmarks

# Mend what can be mended by itself.
fix:
    ruff check --fix .
    ruff format .
