"""Calls, messages and emissions: the orders of a step, and what the ends of their deliveries make of it."""

from __future__ import annotations

import msgspec

from hookwright.rules.event import JSON
from hookwright.rules.model import Action
from hookwright.rules.steps import Automation, Do, Step

from ..delivery import Received, Status
from ..strictjson import BadJSON, decode
from .ending import Ending, ending_of
from .frame import Frame, result_of, static_path
from .limits import MOST_KEPT, is_too_large
from .notes import Notes, written_at
from .record import LIMIT, CallEnd, StepError, StepRecord, StepState
from .run import Order, Run


def carry_on(notes: Notes, step: Step, what: Do, frame: Frame) -> Ending:
    """Order what is to be done, or go on when all of it came to its end."""
    own = notes.of_step(step, frame)
    if own is not None and own.is_terminal:
        return ending_of(own)
    if not is_one_call(step, what) and own is None:
        if not notes.is_taking:
            return "paused"
        notes.add(_started(step, frame.at(step.path), notes.now))
    records = [_carry(notes, step, action, frame) for action in what.actions]
    ended = [record for record in records if record is not None and record.is_terminal]
    if len(ended) < len(records):
        return "paused"
    if is_one_call(step, what):
        return ending_of(ended[0])
    return "paused" if not notes.is_taking else _all_ended(notes, step, what, frame, ended)


def is_one_call(step: Step, what: Do) -> bool:
    """Whether the record of the step is that of its one action."""
    return len(what.actions) == 1 and what.actions[0].path == step.path


def _carry(notes: Notes, step: Step, action: Action, frame: Frame) -> StepRecord | None:
    """The record of an action, begun or taken once more where it is time for that."""
    path = frame.at(action.path)
    record = notes.records.get(path)
    if not notes.is_taking:
        return record
    if record is None:
        record = notes.add(_started(step, path, notes.now))
    elif record.state == "waiting" and record.until is not None and notes.now >= record.until:
        record = notes.add(_started(step, path, notes.now, record.round + 1))
    if record.state == "started":
        notes.orders.append(Order(path=path, action=action, scope=frame.kept_scope, round=record.round))
    elif record.state == "waiting":
        notes.come_back(record.until)
    return record


def _started(step: Step, path: str, now: int, round_: int = 0) -> StepRecord:
    return StepRecord(path=path, state="started", at=now, place=written_at(step), round=round_)


def _all_ended(notes: Notes, step: Step, what: Do, frame: Frame, ended: list[StepRecord]) -> Ending:
    """The end of a step that told several, who all have been told or cannot be."""
    told: dict[str, JSON] = {
        action.message.to if action.message else action.path: result_of(record)
        for action, record in zip(what.actions, ended, strict=True)
    }
    fault = next((record.error for record in ended if record.error is not None), None)
    record = StepRecord(
        path=frame.at(step.path),
        state="failed" if fault else "ended",
        at=notes.now,
        output={"told": told},
        error=fault,
        place=written_at(step),
    )
    return ending_of(notes.add(record))


def ends_of(automation: Automation, run: Run, end: CallEnd) -> tuple[StepRecord, ...]:
    """What is recorded of the end of a call: none when it is known, or of a round that is over."""
    begun = run.records.get(end.path)
    ordered = _ordered(automation, static_path(end.path))
    if begun is None or begun.state != "started" or begun.round != end.round or ordered is None:
        return ()
    step, action = ordered
    output = output_of(end, action)
    error = _error_of(end)
    if error is None and is_too_large(output):
        output, error = (
            None,
            StepError(kind=LIMIT, reason=f"its result takes more than {MOST_KEPT >> 10} KiB"),
        )
    waits = action.target.retry.waits if step.on_error == "retry" else ()
    if action.lapp and end.response is not None and end.response.truncated:
        output, error = None, StepError(kind=LIMIT, reason="its result is too long to be recorded whole")
    until = end.at + waits[end.round] if error is not None and end.round < len(waits) else None
    return (_ended(begun, end, output, error, until),)


def _ended(
    begun: StepRecord, end: CallEnd, output: JSON, error: StepError | None, until: int | None
) -> StepRecord:
    """That of a call that came to an end: well, badly, or badly and it is taken once more `until` then."""
    failed: StepState = "failed" if until is None else "waiting"
    return msgspec.structs.replace(
        begun,
        state=failed if error else "ended",
        at=end.at,
        until=until,
        output=output,
        error=error,
        delivery=end.delivery,
    )


def _ordered(automation: Automation, path: str) -> tuple[Step, Action] | None:
    """The step and the action of an order."""
    for step in automation.all_steps():
        for action in step.what.actions if isinstance(step.what, Do) else ():
            if action.path == path:
                return step, action
    return None


def _error_of(end: CallEnd) -> StepError | None:
    if end.status is Status.SUCCESS:
        return None
    return StepError(kind=end.error or end.status.lower(), reason=end.reason or f"it ended as {end.status}")


def output_of(end: CallEnd, action: Action) -> JSON:
    """What later steps see: `status`, `attempts`, and `response`, the `result` of a Lapp, or an `event`."""
    output: dict[str, JSON] = {"status": str(end.status), "attempts": end.attempts}
    if action.lapp is not None:
        output["result"] = end.value
    elif end.value is not None:
        output["event"] = end.value
    if end.response is None:
        return output
    if action.lapp:  # whose value is recorded as the body of an answer
        return {**output, "result": _answer(end.response)["body"]}
    answered = {**output, "response": _answer(end.response)}
    if not is_too_large(answered):
        return answered
    return {
        **output,
        "response": {"status": end.response.status, "headers": {}, "body": None, "truncated": True},
    }


def _answer(response: Received) -> dict[str, JSON]:
    headers: dict[str, JSON] = {name.lower(): value for name, value in response.headers}
    return {
        "status": response.status,
        "headers": headers,
        "body": _body(response, str(headers.get("content-type", ""))),
        "truncated": response.truncated,
    }


def _body(response: Received, content_type: str) -> JSON:
    """The value of a JSON body, the text of any other."""
    if not response.truncated and (not content_type or "json" in content_type.lower()):
        try:
            return decode(response.body.encode())
        except BadJSON:
            pass
    return response.body
