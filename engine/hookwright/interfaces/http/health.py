"""`/livez` and `/readyz`: whether the process answers, and whether it can do its work."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .parts import Check, Parts


async def livez(_request: Request) -> Response:
    """The process itself and nothing else: a dead Redis must not get it restarted."""
    return JSONResponse({"status": "alive"})


async def readyz(request: Request) -> Response:
    """200 when every check holds, else 503; both name each check."""
    parts: Parts = request.app.state.parts
    checks = await run_in_threadpool(parts.readiness)
    ready = all(check.ok for check in checks)
    body = {
        "status": "ready" if ready else "not ready",
        "checks": {each.name: _said(each) for each in checks},
    }
    return JSONResponse(body, 200 if ready else 503)


def _said(check: Check) -> dict[str, object]:
    return {"ok": check.ok, "detail": check.detail}
