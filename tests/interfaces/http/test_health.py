from hookwright.engine.history.history import History
from hookwright.engine.state import State
from hookwright.interfaces.http.parts import Check


def test_livez_speaks_for_the_process_alone(api) -> None:
    api.checks[:] = [Check("queue", ok=False, detail="gone")]
    answer = api.request("GET", "/livez")
    assert (answer.status, answer.json()) == (200, {"status": "alive"})


def test_readyz_names_each_check(api) -> None:
    answer = api.request("GET", "/readyz")
    checks = {"table": {"ok": True, "detail": "sha256:r"}}
    assert (answer.status, answer.json()) == (200, {"status": "ready", "checks": checks})


def test_readyz_is_503_when_one_check_fails(api) -> None:
    api.checks.append(Check("worker", ok=False, detail="none seen"))
    answer = api.request("GET", "/readyz")
    assert (answer.status, answer.json()["status"]) == (503, "not ready")
    assert answer.json()["checks"]["worker"] == {"ok": False, "detail": "none seen"}


def test_head_answers_as_get_does_without_a_body(api) -> None:
    answer = api.request("HEAD", "/readyz")
    assert (answer.status, answer.body) == (200, b"")


def _values(api) -> dict[str, float]:
    text = api.request("GET", "/metrics").body.decode()
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_metrics_count_events_refusals_and_seconds(serve) -> None:
    api = serve()
    api.post({"type": "Lead_Post_Create"})
    api.post([{"type": "Lead_Post_Create"}] * 3)
    api.post(b"{")
    values = _values(api)
    assert values["hookwright_events_accepted_total"] == 4
    assert values['hookwright_event_requests_refused_total{status="400"}'] == 1
    assert values["hookwright_event_request_duration_seconds_count"] == 2


def test_metrics_tell_what_history_and_ledger_know(serve, journal) -> None:
    api = serve(State(journal.state))
    api.depth.update({"ready": 3})
    values = _values(api)
    assert values['hookwright_deliveries{status="In Queue"}'] == 2
    assert values['hookwright_deliveries{status="Success"}'] == 1
    assert values['hookwright_queue_deliveries{state="ready"}'] == 3


def test_metrics_count_notices_by_notifier_and_status(serve, journal, notice) -> None:
    with History(journal.state):  # enters what no bookkeeper has
        values = _values(serve(State(journal.state)))
    assert values['hookwright_notices{notifier="admins",status="In Queue"}'] == 1
    assert values['hookwright_deliveries{status="In Queue"}'] == 2


def test_every_metric_has_our_name_and_no_unbounded_label(api) -> None:
    names = {name.partition("{")[0] for name in _values(api)}
    assert all(name.startswith("hookwright_") for name in names)
    text = api.request("GET", "/metrics")
    assert text.headers["content-type"].startswith("text/plain")
