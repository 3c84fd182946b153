"""What `serve` refuses before it starts anything."""

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
