"""The HTTP server: uvicorn with the settings the API relies on."""

from __future__ import annotations

import uvicorn
from starlette.types import ASGIApp

from ..addresses import Listen
from .protocol import Protocol

CONNECTIONS = 2048  # more at a time are answered 503, so that idle ones cannot take every file descriptor


def build_server(app: ASGIApp, listen: Listen, *, grace: int = 5) -> uvicorn.Server:
    """A uvicorn server for `app`. `grace` seconds are left to running requests when it is told to stop.

    No proxy header is trusted, and logs go where `logs.configure` sent them.
    """
    config = uvicorn.Config(
        app,
        host=listen.host,
        port=listen.port,
        http=Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=grace,
    )
    return uvicorn.Server(config)
