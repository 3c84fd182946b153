"""What holds for the program as a whole, whatever the command."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from hookwright.interfaces.cli import root
from hookwright.interfaces.cli.commands import COMMANDS, Command, run
from hookwright.interfaces.cli.exits import Exit, Stop


def walk() -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, `history list` for one."""
    for name in COMMANDS:
        command = root.get_command(click.Context(root), name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {sub}", each) for sub, each in command.commands.items())


EVERY = dict(walk())


@pytest.mark.parametrize("name", EVERY)
def test_every_option_is_also_an_environment_variable_named_after_it(name: str) -> None:
    for parameter in EVERY[name].params:
        if isinstance(parameter, click.Option):
            flag = max(parameter.opts, key=len).removeprefix("--")
            assert parameter.envvar == "HOOKWRIGHT_" + flag.replace("-", "_").upper(), parameter.opts


@pytest.mark.parametrize("name", EVERY)
def test_every_command_has_help_and_explains_every_option(name: str) -> None:
    command = EVERY[name]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.opts


@pytest.mark.parametrize("name", EVERY)
def test_help_of_every_command_is_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, [*name.split(), "--help"]) == Exit.FINE
    assert len(capsys.readouterr().out.splitlines()) > 5


@pytest.mark.parametrize("name", [name for name, each in EVERY.items() if not isinstance(each, click.Group)])
def test_a_mistyped_flag_is_a_usage_error_of_every_command(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root, [*name.split(), "--no-such-flag"]) == Exit.USAGE == 4
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1


def test_an_option_means_one_thing_wherever_it_is() -> None:
    kinds: dict[str, set[str]] = {}
    for command in EVERY.values():
        for parameter in command.params:
            kinds.setdefault(parameter.opts[-1], set()).add(type(parameter.type).__name__)
    assert {name: found for name, found in kinds.items() if len(found) > 1} == {}


def test_exit_codes_are_the_documented_ones() -> None:
    codes = {each.name: each.value for each in Exit}
    assert codes == {
        "FINE": 0,
        "NO": 1,
        "DIFFERENT": 2,
        "CONFLICT": 3,
        "USAGE": 4,
        "NOTHING": 5,
        "UNREACHABLE": 6,
        "BUG": 70,
        "INTERRUPTED": 130,
    }


def test_the_program_help_imports_no_command() -> None:
    import subprocess

    code = (
        "import sys; from hookwright.interfaces.cli import root;"
        "from hookwright.interfaces.cli.commands import run;"
        "run(root, ['--help']); print(sorted(n for n in sys.modules if n.split('.')[0] in"
        "('rich','msgspec','starlette','structlog','redis','requests','jsonschema','yaml')), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    for name, text in COMMANDS.items():
        assert not text or name in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "No such command 'nope'"),
        (["--nope"], "No such option"),
        (["listen", "--port", "x"], "'x' is not a valid integer"),
        (["listen", "-o", "xml"], "'xml' is not one of"),
        (["history", "nope"], "No such command 'nope'"),
    ],
)
def test_usage_errors_exit_4_with_one_line(inside, arguments: list[str], said: str) -> None:
    ran = inside(*arguments)
    assert (ran.code, ran.out) == (4, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_no_command_at_all_prints_the_help_as_a_usage_error(hookwright) -> None:
    ran = hookwright()
    assert (ran.code, ran.out) == (4, "")
    assert "Commands:" in ran.err


def test_the_version_is_data(hookwright) -> None:
    ran = hookwright("--version")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("hookwright ")


def _program(body: Callable[[], object]) -> click.Group:
    """The real program with one more command, for ends that no command should come to."""
    from hookwright.interfaces.cli.commands import Root

    class Extended(Root):
        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
            return Command("end", callback=body) if cmd_name == "end" else None

    return Extended("hookwright")


def _raise(error: BaseException) -> Callable[[], object]:
    def body() -> object:
        secret = "local-variable-content"
        assert secret
        raise error

    return body


def test_an_unexpected_error_is_one_line_and_70(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(_program(_raise(ValueError("bad\nthing"))), ["end"]) == 70
    said = capsys.readouterr().err
    assert said.startswith(r"error: unexpected ValueError: bad\nthing")
    assert said.count("\n") == 1


def test_debug_shows_a_traceback_without_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(_program(_raise(KeyError("gone"))), ["end", "--debug"]) == 70
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "KeyError: 'gone'" in said
    assert "secret =" not in said


def test_a_stop_ends_with_its_code_and_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(_program(_raise(Stop(Exit.CONFLICT, "locked by x\x1b[2J"))), ["end"]) == 3
    assert capsys.readouterr().err == "error: locked by x\\x1b[2J\n"


def test_ctrl_c_ends_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(_program(_raise(KeyboardInterrupt())), ["end"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_what_a_command_returns_is_the_exit_code() -> None:
    assert run(_program(lambda: Exit.NOTHING), ["end"]) == 5
    assert run(_program(lambda: None), ["end"]) == 0


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    import subprocess

    code = (
        "import click; from hookwright.interfaces.cli.commands import Root, Command, run; import sys\n"
        "class More(Root):\n"
        "    def get_command(self, ctx, name): return Command('end', callback=talk)\n"
        "def talk():\n"
        "    for _ in range(9999): click.echo('x' * 99)\n"
        "sys.exit(run(More('hookwright'), ['end']))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(30) == 0


def test_letters_the_terminal_cannot_show_do_not_end_a_command(hookwright, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("version: 1\n東京: 1\n")
    ran = hookwright("validate", env={"PYTHONIOENCODING": "latin-1"})
    assert ran.code == 1
    assert "\\u6771\\u4eac" in ran.out


def test_a_setting_comes_from_flag_then_environment_then_file(hookwright, tmp_path: Path) -> None:
    (tmp_path / "hookwright.toml").write_text('output = "xml-from-file"\n')
    assert "xml-from-file" in hookwright("listen").err
    assert "xml-from-env" in hookwright("listen", env={"HOOKWRIGHT_OUTPUT": "xml-from-env"}).err
    both = hookwright("listen", "-o", "xml-from-flag", env={"HOOKWRIGHT_OUTPUT": "xml-from-env"})
    assert "xml-from-flag" in both.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("output = \n", "hookwright.toml:1:10: Invalid value"),
        ('stte = "x"\n', "hookwright.toml:1:1: unknown key 'stte'"),
        ("\n[listen]\nprt = 1\n", "hookwright.toml:3:1: unknown key 'prt'"),
        ('[listen]\nport = "many"\n', "hookwright.toml:2:1: 'many' is not a valid integer"),
        ('\n  output = "xml"\n', "hookwright.toml:2:3: 'xml' is not one of"),
        ("listen = 1\n", "hookwright.toml:1:1: expected a table [listen]"),
        ("[lisn]\nport = 1\n", "hookwright.toml:1:2: unknown table 'lisn'"),
    ],
)
def test_a_wrong_settings_file_exits_4_with_its_place(inside, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "hookwright.toml").write_text(text)
    ran = inside("listen", "--count", "1")
    assert (ran.code, ran.out) == (4, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1
