"""The registries of special-purpose addresses, row by row, as IANA's tables have them."""

from __future__ import annotations

import csv
from ipaddress import ip_network
from pathlib import Path

import pytest

from hookwright.engine.call.guard import Allowed, Policy, judge

ROWS = [
    row
    for file in sorted((Path(__file__).parent / "iana").glob("*.csv"))
    for row in csv.DictReader(file.read_text().splitlines())
]
PORTS = (80, 443, 8080)


def some(block: str) -> list[str]:
    """The first address of a block, its last, and one in the middle."""
    network = ip_network(block)
    last = network.num_addresses - 1
    return [str(network[number]) for number in sorted({0, last // 2, last})]


def test_both_tables_are_here():
    assert {ip_network(row["block"]).version for row in ROWS} == {4, 6}
    assert {row["global"] for row in ROWS} == {"True", "False", "N/A"}


@pytest.mark.parametrize("block", [row["block"] for row in ROWS])
def test_no_address_of_a_special_purpose_is_called(block):
    """Those that are reachable from everywhere belong to protocols, never to a receiver."""
    assert [
        address for address in some(block) for port in PORTS if judge(address, port, Policy()) is None
    ] == []


@pytest.mark.parametrize("block", ["10.0.0.0/8", "192.168.0.0/16", "fc00::/7", "127.0.0.0/8"])
def test_a_private_block_is_open_where_the_operator_opened_it_and_nowhere_else(block):
    policy = Policy(allow=(Allowed(ip_network(block), 8080),))
    for address in some(block):
        assert judge(address, 8080, policy) is None
        assert judge(address, 8081, policy)
    others = [row["block"] for row in ROWS if not ip_network(row["block"]).overlaps(ip_network(block))
              if ip_network(row["block"]).version == ip_network(block).version]  # fmt: skip
    assert [each for each in others for address in some(each) if judge(address, 8080, policy) is None] == []
