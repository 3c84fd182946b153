"""`/v1/webhooks`, changed: webhooks of the API's own bundle created, replaced and deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from hookwright.engine.delivery import Status
from hookwright.engine.history.index_view import HistoryUnavailable
from hookwright.engine.history.row import Filter
from hookwright.engine.journal.switch import Switches
from hookwright.rules.event import JSON
from hookwright.schemas.problem import Problem

from ..api_file import Webhook
from ..live import Configuration, Edit, Invalid, NotNow, Stale
from ..webhooks import ADDED, free_id
from .actor import actor_of
from .body import read_object
from .fields import Fault, invalid
from .problems import Refusal, Refused
from .webhooks import answer, find, missing, parts_of, switches_of

_GUESS = re.compile(r'did you mean "(.+)"\?')
log = structlog.get_logger(__name__)


async def create_webhook(request: Request) -> Response:
    """A new webhook in the API's bundle; without an `id` it gets one."""
    given = _given(await read_object(request))
    made: list[str] = []

    def edit(before: Configuration) -> dict[str, Webhook]:
        taken = {*before.git.places, *before.webhooks}
        webhook = given if "id" in given else {**given, "id": free_id(given, taken)}
        made.append(str(webhook["id"]))
        if made[0] in taken:
            raise _taken(before, made[0])
        return {**before.webhooks, made[0]: webhook}

    after, problems = await _change(request, edit, made)
    log.info("webhook_created", id=made[0], by=actor_of(request.scope))
    return await _shown(request, after, made[0], problems, 201, location=f"/v1/webhooks/{made[0]}")


async def replace_webhook(request: Request) -> Response:
    """Replaces a webhook of the API's bundle as a whole."""
    identifier = request.path_params["id"]
    given = _given(await read_object(request))
    if given.get("id", identifier) != identifier:
        raise invalid([Fault("/id", f'this is "{identifier[:80]}"; under another id, make another webhook')])

    def edit(before: Configuration) -> dict[str, Webhook]:
        _own(before, identifier)
        return {**before.webhooks, identifier: {**given, "id": identifier}}

    after, problems = await _change(request, edit, [identifier])
    log.info("webhook_replaced", id=identifier, by=actor_of(request.scope))
    return await _shown(request, after, identifier, problems, 200)


async def delete_webhook(request: Request) -> Response:
    """Takes a webhook out of the API's bundle; its open deliveries are cancelled, and counted in a header."""
    identifier = request.path_params["id"]

    def edit(before: Configuration) -> dict[str, Webhook]:
        _own(before, identifier)
        return {key: each for key, each in before.webhooks.items() if key != identifier}

    still_open = await run_in_threadpool(_open, request, identifier)
    after, _ = await _change(request, edit, [identifier])
    log.info("webhook_deleted", id=identifier, by=actor_of(request.scope))
    headers = {"etag": f'"{after.revision}"'}
    if still_open is not None and identifier not in after.git.places:
        headers["hookwright-open-deliveries"] = str(still_open)
    return Response(status_code=204, headers=headers)


async def _change(
    request: Request, edit: Edit, name: Sequence[str]
) -> tuple[Configuration, tuple[Problem, ...]]:
    """Make the change, or raise the refusal that says why not. The last of `name` is the webhook's id."""
    live = parts_of(request).live
    try:
        return await run_in_threadpool(live.change, edit, _if_match(request))
    except Stale as stale:
        detail = f"the configuration was changed meanwhile; it is {stale.revision} now"
        headers = (("etag", f'"{stale.revision}"'),)
        raise Refused(Refusal(412, "Changed meanwhile", detail, headers)) from None
    except Invalid as bad:
        raise invalid(list(_faults(bad, name[-1]))) from None
    except NotNow as error:
        detail = f"{error}; nothing was changed"
        raise Refused(Refusal(503, "Not now", detail, (("retry-after", "1"),))) from None


def _given(value: dict[str, JSON]) -> dict[str, JSON]:
    """A webhook as sent, less what an answer adds to it: so an answer can be changed and sent back."""
    return {key: each for key, each in value.items() if key not in ADDED}


def _own(before: Configuration, identifier: str) -> None:
    """Raises `Refused` unless the webhook is the API's."""
    if identifier in before.webhooks:
        return
    if identifier in before.git.places:
        place = before.git.places[identifier]
        detail = f'"{identifier}" stands in {place}; change it there'
        raise Refused(Refusal(409, "Kept in git", detail, members={"place": str(place)}))
    raise missing(identifier, (*before.webhooks, *before.git.places))


def _taken(before: Configuration, identifier: str) -> Refused:
    source = before.git if identifier in before.git.places else before.source.beside[0]
    place = str(source.places[identifier])
    detail = f'the id "{identifier}" is taken: it stands in {place}'
    return Refused(Refusal(409, "Id taken", detail, members={"pointer": "/id", "place": place}))


def _faults(bad: Invalid, identifier: str) -> Iterator[Fault]:
    value = bad.document.value if bad.document is not None else None
    listed = value.get("webhooks") if isinstance(value, dict) else None
    ids = (
        [str(each.get("id")) for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    )
    start = f"/webhooks/{ids.index(identifier)}" if identifier in ids else "/webhooks"
    yield from (_fault(problem, start) for problem in bad.problems)


def _fault(problem: Problem, start: str) -> Fault:
    """Places are told within the object that was sent; the file it would stand in is not the sender's."""
    below = problem.path.removeprefix(start) if problem.path.startswith(f"{start}/") else ""
    guess = _GUESS.search(problem.hint or "")
    return Fault(below, problem.message, guess[1] if guess else None, problem.code, problem.hint)


async def _shown(
    request: Request,
    after: Configuration,
    identifier: str,
    problems: Sequence[Problem],
    status: int,
    **headers: str,
) -> Response:
    try:
        switches = await switches_of(request)
    except Refused:  # the index is away: what was done is done, and is told
        switches = Switches()
    said = find(after, identifier, switches).document()
    start = f"/webhooks/{sorted(after.webhooks).index(identifier)}"
    warnings = [_fault(each, start).document() for each in problems if each.path.startswith(f"{start}/")]
    return answer({**said, "warnings": warnings} if warnings else said, after, status, **headers)


def _if_match(request: Request) -> frozenset[str] | None:
    """The revisions the change was made for; None for any."""
    said = request.headers.get("if-match")
    if said is None or said.strip() == "*":
        return None
    return frozenset(tag.strip().strip('"') for tag in said.split(","))


def _open(request: Request, identifier: str) -> int | None:
    """How many of its deliveries are open, as far as the index knows."""
    wanted = Filter(status=Status.IN_QUEUE, entity_type="webhook", entity_id=identifier)
    try:
        return sum(parts_of(request).history.counts(wanted).values())
    except HistoryUnavailable:
        return None
