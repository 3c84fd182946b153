"""What `serve` refuses before it starts anything."""

import pytest

BUNDLE = """version: 1
webhooks:
  - {id: leads, event: Lead_Post_Create, url: "https://erp.example.com/leads"}
"""


def test_a_damaged_register_of_tokens_stops_the_start(hookwright, tmp_path) -> None:
    (tmp_path / "hooks.yaml").write_text(BUNDLE)
    state = tmp_path / "state"
    state.mkdir()
    (state / "tokens.json").write_text('{"version": 1, "tokens": [{"name": "ci"')
    ran = hookwright("serve", "--config", "hooks.yaml", "--state", "state", "--port", "0")
    assert (ran.code, ran.out) == (6, "")
    assert ran.err.startswith("error: state/tokens.json is damaged (")
    assert "remove it to revoke every token but the state folder's own" in ran.err
    assert [each.name for each in state.iterdir()] == ["tokens.json"]


@pytest.mark.parametrize("content", [b"", b"\n", b"short\n", b"\xff\xfe"])
def test_a_token_that_is_none_stops_the_start(inside, tmp_path, content) -> None:
    (tmp_path / "hooks.yaml").write_text(BUNDLE)
    state = tmp_path / "state"
    state.mkdir()
    (state / "token").write_bytes(content)
    ran = inside("serve", "--config", "hooks.yaml", "--state", "state", "--port", "0")
    assert (ran.code, ran.out) == (6, "")
    assert ran.err.startswith("error: state/token: not a token")
    assert [each.name for each in state.iterdir()] == ["token"]


def test_a_bundle_that_was_named_must_be_there(inside, tmp_path) -> None:
    ran = inside("serve", "--config", "nowhere", "--state", "state", "--port", "0")
    assert (ran.code, ran.out) == (1, "")
    assert "cannot be read: No such file or directory" in ran.err
    assert ran.err.splitlines()[-1] == "error: not valid: nowhere; nothing was started"


def test_a_webhook_of_the_api_that_git_stands_against_stops_the_start(inside, tmp_path) -> None:
    (tmp_path / "hooks.yaml").write_text(BUNDLE)
    kept = tmp_path / "state" / "api" / "webhooks.yaml"
    kept.parent.mkdir(parents=True)
    kept.write_text(BUNDLE)
    ran = inside("serve", "--config", "hooks.yaml", "--state", "state", "--port", "0")
    assert (ran.code, ran.out) == (1, "")
    assert 'error[HW101]: duplicate id "leads"\n --> state/api/webhooks.yaml:3:10' in ran.err
    assert "::: hooks.yaml:3:5" in ran.err
    assert ran.err.splitlines()[-1] == "error: not valid: state/api/webhooks.yaml; nothing was started"


def test_a_damaged_file_of_the_apis_webhooks_stops_the_start(inside, tmp_path) -> None:
    (tmp_path / "hooks.yaml").write_text(BUNDLE)
    kept = tmp_path / "state" / "api" / "webhooks.yaml"
    kept.parent.mkdir(parents=True)
    for text, code in ((f"{BUNDLE}rules: []\n", "HW131"), ("webhooks: [", "HW001"), ("", "HW003")):
        kept.write_text(text)
        ran = inside("serve", "--config", "hooks.yaml", "--state", "state", "--port", "0")
        assert (ran.code, ran.out) == (1, "")
        assert f"error[{code}]" in ran.err
        assert kept.read_text() == text
