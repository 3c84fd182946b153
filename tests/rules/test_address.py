from __future__ import annotations

import pytest

from hookwright.rules.address import url_fault


@pytest.mark.parametrize(
    "url",
    [
        "https://erp.example.com/leads/add?team=7",
        "http://127.0.0.1:8080/a%20b?x=%2F&y#part",
        "https://[2001:db8::1]:443/",
        "HTTPS://EXAMPLE.COM",
        "https://xn--bcher-kva.example/",
        "https://a_b.example.com./x;y=1/@home?to=a@b.example",
        "http://localhost/?a=[1]&b='x'",
    ],
)
def test_urls_that_can_be_called(url):
    assert url_fault(url) is None


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("/hook", "not an absolute http or https URL"),
        ("ftp://example.com/", "not an absolute http or https URL"),
        ("https:example.com", "not an absolute http or https URL"),
        ("https:///path", "the URL has no host"),
        ("https://:8080/", "the URL has no host"),
        ("https://example.com:/", "the URL has a colon but no port"),
        ("https://example.com:0/", "port 0 cannot be called"),
        ("https://example.com:99999/", "the port of the URL is not a number up to 65535"),
        ("https://user:secret@example.com/", "the URL holds a user name or password"),
        ("https://@example.com/", "the URL holds a user name or password"),
        ("https://exa mple.com/", "the URL has a character that no URL may have: ' '"),
        ("https://example.com/\r\nX: y", "the URL has a character that no URL may have: '\\r'"),
        ("https://example.com\\@evil.example/", "the URL has a character that no URL may have: '\\\\'"),
        ("https://example.com/?q=50%", "the URL has a % that two hexadecimal digits do not follow"),
        ("https://bücher.example/", "the URL has characters outside ASCII"),
        ("https://-a.example/", "not a valid host name: -a.example"),
        ("https://a..example/", "not a valid host name: a..example"),
        ("https://[::1", "not a valid URL: Invalid IPv6 URL"),
        ("https://[fe80::1%25eth0]/", "not an IPv6 address: fe80::1%25eth0"),
        ("https://" + "a" * 64 + ".example/", "not a valid host name: " + "a" * 64 + ".example"),
    ],
)
def test_urls_that_cannot_be_called(url, message):
    fault = url_fault(url)
    assert fault is not None
    assert fault[0] == message
