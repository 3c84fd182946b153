from __future__ import annotations

import pytest

from hookwright.rules.lint.addresses import is_public


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "ERP.Example.COM",
        "example.com.",
        "8.8.8.8",
        "2606:4700:4700::1111",
        "local.example.com",
    ],
)
def test_names_with_dots_and_global_addresses_are_public(host):
    assert is_public(host)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "receiver",
        "erp.local",
        "ERP.Internal.",
        "hooks.home.arpa",
        "hooks.svc.cluster.local",
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.9",
        "172.16.0.1",
        "169.254.1.1",
        "::1",
        "fd12::1",
        "fe80::1",
        "100.64.0.1",
    ],
)
def test_what_may_lie_inside_is_not(host):
    assert not is_public(host)
