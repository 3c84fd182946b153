"""`/v1/tokens`: making, listing and revoking the tokens of others."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from hookwright.rules.event import JSON
from hookwright.schemas.nearest import did_you_mean

from ..register import LIMIT, NAME, NameTaken, Register, Registered, RegisterFull
from ..roles import Role
from .actor import actor_of
from .body import read_object
from .fields import Fault, choice, invalid, unknown_keys
from .parts import Parts
from .problems import Refusal, Refused

_SHAPE = "1 to 63 letters, digits and . _ @ -, the first a letter or digit"
log = structlog.get_logger(__name__)


async def create_token(request: Request) -> Response:
    """A new token; the answer is the only place where it ever stands."""
    name, role = _read(await read_object(request))
    try:
        made, token = await run_in_threadpool(_register(request).create, name, role, actor_of(request.scope))
    except NameTaken:
        detail = f"the name {name} is taken; take another, or revoke the token that has it"
        raise Refused(Refusal(409, "Name taken", detail, members={"pointer": "/name"})) from None
    except RegisterFull:
        raise Refused(Refusal(409, "Too many tokens", f"at most {LIMIT}; revoke some")) from None
    except OSError as error:
        raise _unwritten(error) from None
    return _json({**_shown(made), "token": token}, 201)


async def list_tokens(request: Request) -> Response:
    """Every token but the state folder's own: its name, its role, and who made it when."""
    return _json({"tokens": [_shown(each) for each in _register(request).tokens]})


async def revoke_token(request: Request) -> Response:
    """Takes a token back; the next request with it is refused."""
    register, name = _register(request), request.path_params["name"]
    try:
        revoked = await run_in_threadpool(register.revoke, name, actor_of(request.scope))
    except OSError as error:
        raise _unwritten(error) from None
    if not revoked:
        guess = did_you_mean(name, [each.name for each in register.tokens])
        raise Refused(
            Refusal(404, "No such token", f'no token "{name[:80]}"' + (f"; {guess}" if guess else ""))
        )
    return Response(status_code=204)


def _read(value: dict[str, JSON]) -> tuple[str, Role]:
    name, role = value.get("name"), value.get("role")
    faults = [*unknown_keys(value, ("name", "role")), *choice(role, "role", tuple(Role))]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        faults.append(Fault("/name", f"name is {_SHAPE}"))
    if faults:
        raise invalid(faults)
    return str(name), Role(str(role))


def _register(request: Request) -> Register:
    parts: Parts = request.app.state.parts
    return parts.tokens


def _shown(token: Registered) -> dict[str, Any]:
    return {"name": token.name, "role": token.role, "created": token.created, "by": token.by}


def _unwritten(error: OSError) -> Refused:
    log.error("tokens_not_written", reason=str(error))
    return Refused(Refusal(503, "Not written", "the tokens cannot be written; nothing was changed"))


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
