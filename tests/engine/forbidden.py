"""Every URL that must never be called, the names that lead to denied addresses, and who tries to connect."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

PUBLIC = "93.184.216.34"

# Every row must be refused without one connection.
URLS = [
    "http://127.0.0.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/",
    "http://0x7f.1/", "http://00000177.1/", "http://127.000.000.001/", "http://0/", "http://0.0.0.0:6379/",
    "http://3232235521/", "http://0300.0250.0.1/", "http://localhost/", "http://LOCALHOST./",
    "http://127.0.0.1./", "http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/", "http://[0:0:0:0:0:ffff:169.254.169.254]/", "http://[::127.0.0.1]/",
    "http://[::ffff:0:7f00:1]/", "http://[64:ff9b::7f00:1]/", "http://[64:ff9b:1::a9fe:a9fe]/",
    "http://[2002:7f00:1::1]/", "http://[2001:0:7f00:1::1]/", "http://[::5efe:7f00:1]/",
    "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[fec0::1]/", "http://[fc00::1]/",
    "http://[fd00:ec2::254]/", "http://[ff02::1]/", "http://[5f00::1]/", "http://[3fff::1]/",
    "http://[100::1]/", "http://[4000::1]/", "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/", "http://100.100.100.200/", "http://192.0.0.192/",
    "http://168.63.129.16/", "http://169.254.170.2/", "http://10.0.0.1/", "http://172.31.255.255/",
    "http://192.168.1.1/", "http://224.0.0.1/", "http://240.0.0.1/", "http://255.255.255.255/",
    "http://good.com@127.0.0.1/", "http://good.com:80@127.0.0.1:8080/", "http://127.0.0.1\\@good.com/",
    "http://good.com\\@127.0.0.1/", "http://127.0.0.1#@good.com/",
    "http://1.1.1.1 &@127.0.0.1# @3.3.3.3/", "http://good.com%2f@127.0.0.1/", " http://127.0.0.1/",
    "http://12\t7.0.0.1/", "http://127.0.0.1\n/",
    "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/", "http://127\u30020\u30020\u30021/",
    "http://\u24db\u24deocalhost/", "http://127.0.0.1%00.good.com/", "http://127.0.0.1%09.good.com/",
    "http://[::1]good.com/", "http://[127.0.0.1]/", "http://[v1.127]/", "http:///127.0.0.1/",
    "http:/127.0.0.1/", "//127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/",
    "dict://127.0.0.1/", "data:text/plain,x", "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "http://127.0.0.1:\uff16\uff13\uff17\uff19/", "http://good.com:0/", "http://good.com:65536/",
    "http://good.com:-1/", "http://127.0.0.1:6379/\r\nSET a b", "http://a-is-loopback.test/",
    "http://one-of-two.test/", "http://aaaa-is-loopback.test/", "http://to-localhost.test/", "http://redis/",
    "http://good.com:22/", "http://good.com:6379/", "http://good.com:9200/", "",
]  # fmt: skip

NAMES = {
    "good.com": (PUBLIC,),
    "localhost": ("127.0.0.1", "::1"),
    "localhost.": ("127.0.0.1",),
    "metadata.google.internal": ("169.254.169.254",),
    "a-is-loopback.test": ("127.0.0.1",),
    "one-of-two.test": (PUBLIC, "127.0.0.1"),
    "aaaa-is-loopback.test": (PUBLIC, "::1"),
    "to-localhost.test": ("127.0.0.1",),
    "redis": ("172.18.0.2",),
}


def look_up(host: str) -> tuple[str, ...]:
    """A name service that knows these names only, and that literal addresses are themselves."""
    if host not in NAMES:
        raise OSError("no such name")
    return NAMES[host]


_BENCH: list[tuple[str, object]] = []  # (name of the thread, address); audit hooks cannot be taken off again


def _remember(event: str, arguments: tuple[object, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        _BENCH.append((threading.current_thread().name, arguments[-1]))


sys.addaudithook(_remember)


def connects_of(go: Callable[[], object], *threads: str) -> list[object]:
    """Where this thread and those whose names begin so connected to while `go` ran."""
    _BENCH.clear()
    go()
    ours = (threading.current_thread().name, *threads)
    return [address for name, address in _BENCH if name.startswith(ours)]
