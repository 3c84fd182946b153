"""How fast events are matched, against baselines in the same run: `python -m benchmarks.match --help`.

Times are CPU microseconds an event. They vary with the machine; the ratios are what to compare.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence

import click

from .compare import Effort, compare
from .footprint import footprint
from .tables import footprint_table, growth, main_table, peer_table
from .workload import workloads

SHORT = ("crm-10", "crm-100", "crm-1000", "crm-10000", "lots-exact", "lots-complex-arrays", "lots-combo")
_WITH_PEERS = "crm-1000"  # the one workload of the short form that is asked of other libraries


@click.command()
@click.option("--only", multiple=True, metavar="GLOB", help="Only these workloads, as in `--only 'crm-*'`.")
@click.option("--long", is_flag=True, help="Every workload, more rounds, memory after 200,000 events.")
@click.option("--peers/--no-peers", default=True, help="Ask moto and zen-engine, too, where installed.")
@click.option("--rounds", type=click.IntRange(1), help="Rounds in place of the usual number.")
def main(only: Sequence[str], long: bool, peers: bool, rounds: int | None) -> None:
    """Match the same events with the index and with what it is compared to."""
    known = [each for each in workloads() if long or only or each.name in SHORT]
    chosen = [each for each in known if not only or any(fnmatch.fnmatch(each.name, glob) for glob in only)]
    if not chosen:
        raise click.UsageError(f"no such workload; there are {', '.join(each.name for each in workloads())}")
    effort = Effort(rounds or 5, 2000, 0.2) if long else Effort(rounds or 3, 1000, 0.1)
    compared = []
    for each in chosen:
        click.echo(f"{each.name} ...", err=True)
        asked = peers and (each.name.startswith("crm") if long else bool(only) or each.name == _WITH_PEERS)
        compared.append(compare(each, effort, with_peers=asked))
    click.echo(f"\n{main_table(compared)}\n")
    if peers:
        click.echo(f"{peer_table(compared)}\n")
    click.echo(growth(compared))
    if not only:
        sizes = (("crm-10000", 20_000), ("crm-100000", 200_000)) if long else (("crm-10000", 20_000),)
        click.echo(footprint_table(footprint(*each) for each in sizes))


if __name__ == "__main__":
    main()
