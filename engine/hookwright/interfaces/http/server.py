"""The HTTP server: uvicorn with the settings the API relies on."""

from __future__ import annotations

import uvicorn
from starlette.types import ASGIApp

from ..addresses import Listen
from .protocol import Protocol


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
        loop="auto",  # uvloop's, where it can be installed
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=grace,
    )
    return uvicorn.Server(config)
