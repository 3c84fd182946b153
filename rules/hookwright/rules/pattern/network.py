"""Parse the operand of `cidr`: an IP address, a slash and the number of leading bits that count."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from ..errors import Steps
from .operators import Cidr
from .report import Report, kind


def parse_cidr(operand: object, at: Steps, report: Report) -> Cidr | None:
    """A network; bits of the address beyond the mask are allowed and ignored, `/32` and `/128` are valid."""
    if not isinstance(operand, str):
        report.fault(at, f'"cidr" takes a string, not {kind(operand)}', 'write it as in "10.0.0.0/24"')
        return None
    address, slash, bits = operand.partition("/")
    try:
        parsed = ip_address(address)
    except ValueError:
        parsed = None
    if parsed is None or "%" in address:
        report.fault(
            at, "a network begins with an IP address", 'write it as in "10.0.0.0/24" or "2001:db8::/32"'
        )
        return None
    if not slash:
        report.fault(
            at,
            "a network needs its number of bits",
            f'for this one address write "{address}/{parsed.max_prefixlen}"',
        )
        return None
    if not (bits.isascii() and bits.isdigit() and len(bits) <= 3 and int(bits) <= parsed.max_prefixlen):
        report.fault(at, f"an IPv{parsed.version} network has 0 to {parsed.max_prefixlen} bits", None)
        return None
    return Cidr(ip_network((parsed, int(bits)), strict=False))
