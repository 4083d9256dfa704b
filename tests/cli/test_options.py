"""From flags, environment and file to settings."""

from pathlib import Path

import click
import pytest

from logscan.cli import options
from logscan.cli.main import Invocation
from logscan.errors import RuleError, UsageError
from logscan.finding import Severity

SECTIONS = ["WHICH", "FILES", "RULE_FILES", "RULE_CHOICE", "RESULT", "STATE", "ENGINE", "DIRECT", "GENERAL"]


@click.command()
@click.argument("containers", nargs=-1)
@options.with_options([option for section in SECTIONS for option in getattr(options, section)])
@click.pass_context
def probe(ctx, **_given):
    return options.settings_of(ctx)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Give the settings that come of a command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **environ):
        with monkeypatch.context() as patch:
            for variable, value in environ.items():
                patch.setenv(variable, value)
            return probe.main(list(arguments), standalone_mode=False, obj=Invocation())

    return run


def write(text):
    Path("logscan.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "field", "expected"),
    [
        pytest.param(["web", "api-*"], "names", ("web", "api-*"), id="containers"),
        pytest.param(["--tail", "5"], "tail", 5, id="tail"),
        pytest.param(["--project", "a", "--project", "b"], "project", ("a", "b"), id="a repeated flag"),
        pytest.param(["--service", "a"], "service", ("a",), id="service"),
        pytest.param(["--label", "a=b"], "label", ("a=b",), id="label"),
        pytest.param(["--image", "a"], "image", ("a",), id="image"),
        pytest.param(["--exclude", "a"], "exclude", ("a",), id="exclude"),
        pytest.param(["--file", "-"], "files", (Path("-"),), id="standard input"),
        pytest.param(["--file", "a", "--as", "b"], "as_name", "b", id="as"),
        pytest.param(["--file", "a", "--image-name", "b"], "image_name", "b", id="image name"),
        pytest.param(["--rules", "a"], "rule_paths", (Path("a"),), id="rules"),
        pytest.param(["--no-builtin"], "builtin", False, id="no builtin"),
        pytest.param([], "builtin", True, id="builtin by default"),
        pytest.param(["--only", "a"], "only", ("a",), id="only"),
        pytest.param(["--skip", "a"], "skip", ("a",), id="skip"),
        pytest.param(["--min-severity", "high"], "min_severity", Severity.HIGH, id="min severity"),
        pytest.param(["--fail-on", "low"], "fail_on", Severity.LOW, id="fail on"),
        pytest.param(["--format", "ndjson"], "format", "ndjson", id="format"),
        pytest.param(["--output", "a"], "output", Path("a"), id="output"),
        pytest.param(["--samples", "1"], "samples", 1, id="samples"),
        pytest.param(["--context", "2"], "context", 2, id="context"),
        pytest.param(["--allow-incomplete"], "allow_incomplete", True, id="allow incomplete"),
        pytest.param(["--since", "last"], "since_last", True, id="since last"),
        pytest.param(["--host", "tcp://a:1"], "hosts", ("tcp://a:1",), id="host"),
        pytest.param(["--host", "a", "--host", "b"], "hosts", ("a", "b"), id="several hosts"),
        pytest.param(["--state", "a"], "state", Path("a"), id="state"),
        pytest.param(["--host-name", "a"], "host_name", "a", id="host name"),
        pytest.param(["--direct", "always"], "direct", "always", id="direct"),
        pytest.param(["-v"], "verbose", True, id="verbose"),
        pytest.param(["-q"], "quiet", True, id="quiet"),
    ],
)
def test_a_flag_fills_its_field(settings, arguments, field, expected):
    assert expected == getattr(settings(*arguments), field)


@pytest.mark.parametrize(
    ("variable", "value", "field", "expected"),
    [
        pytest.param("LOGSCAN_TAIL", "5", "tail", 5, id="a number"),
        pytest.param("LOGSCAN_MIN_SEVERITY", "high", "min_severity", Severity.HIGH, id="a word"),
        pytest.param("LOGSCAN_PROJECT", "a b", "project", ("a", "b"), id="words, by spaces"),
        pytest.param("LOGSCAN_RULES", "a b:c", "rule_paths", (Path("a b"), Path("c")), id="paths, by colons"),
        pytest.param("LOGSCAN_NO_BUILTIN", "1", "builtin", False, id="a switch"),
        pytest.param("LOGSCAN_NO_BUILTIN", "0", "builtin", True, id="a switch turned off"),
        pytest.param("LOGSCAN_VERBOSE", "true", "verbose", True, id="a switch with a short name"),
        pytest.param("LOGSCAN_HOST", "tcp://a:1", "hosts", ("tcp://a:1",), id="the host"),
        pytest.param("LOGSCAN_HOST", "tcp://a:1 b", "hosts", ("tcp://a:1", "b"), id="several hosts, by spaces"),
        pytest.param("LOGSCAN_HOST", "", "hosts", (), id="an empty variable says nothing"),
        pytest.param("LOGSCAN_STATE", "a b", "state", Path("a b"), id="the state"),
        pytest.param("DOCKER_HOST", "tcp://a:1", "hosts", (), id="DOCKER_HOST is for the engine to find"),
    ],
)
def test_a_variable_fills_its_field(settings, variable, value, field, expected):
    assert expected == getattr(settings(**{variable: value}), field)


@pytest.mark.parametrize(
    ("arguments", "environ", "file", "expected"),
    [
        pytest.param([], {}, "", 3, id="the default"),
        pytest.param([], {}, "samples: 4", 4, id="the file over the default"),
        pytest.param([], {"LOGSCAN_SAMPLES": "5"}, "samples: 4", 5, id="the environment over the file"),
        pytest.param(["--samples", "6"], {"LOGSCAN_SAMPLES": "5"}, "samples: 4", 6, id="the flag over all"),
    ],
)
def test_precedence(settings, arguments, environ, file, expected):
    write(file)
    assert expected == settings(*arguments, **environ).samples


def test_a_flag_that_was_not_given_leaves_the_word_to_the_file(settings):
    write("builtin: false\nallow_incomplete: true\nquiet: true\n")
    found = settings()
    assert (False, True, True) == (found.builtin, found.allow_incomplete, found.quiet)


def test_the_file_can_be_named_by_flag_and_variable(settings):
    Path("one.yaml").write_text("samples: 1")
    Path("two.yaml").write_text("samples: 2")
    by_variable, by_flag = (
        settings(LOGSCAN_CONFIG="one.yaml"),
        settings("--config", "two.yaml", LOGSCAN_CONFIG="one.yaml"),
    )
    assert (1, 2) == (by_variable.samples, by_flag.samples)


def test_paths_of_the_file_start_at_its_folder(settings):
    Path("etc").mkdir()
    Path("etc/settings.yaml").write_text(
        "file: [app.log, /var/log/b.log, '-']\nrules: mine\noutput: out/found.txt\nstate: s.db\n"
    )
    found = settings("--config", "etc/settings.yaml")
    assert (
        (Path("etc/app.log"), Path("/var/log/b.log"), Path("-")),
        (Path("etc/mine"),),
        Path("etc/out/found.txt"),
        Path("etc/s.db"),
    ) == (
        found.files,
        found.rule_paths,
        found.output,
        found.state,
    )


@pytest.mark.parametrize(
    "text", [pytest.param("", id="empty"), pytest.param("# samples: 4\n\n  # more\n", id="all commented out")]
)
def test_a_file_that_says_nothing_changes_nothing(settings, text):
    write(text)
    assert 3 == settings().samples


def test_a_key_without_value_says_nothing(settings):
    write("samples:\nhost:\n")
    assert (3, None) == (settings().samples, settings().host)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        pytest.param(
            "tail: 3\nsinse: 3h\n",
            ["logscan.yaml:2: unknown key 'sinse'\n  help: did you mean since?"],
            id="unknown key",
        ),
        pytest.param(
            "min-severity: low\n",
            ["logscan.yaml:1: unknown key 'min-severity'\n  help: did you mean min_severity?"],
            id="hyphen",
        ),
        pytest.param(
            "sinse: 3h\n\nfromat: json\n",
            [
                "logscan.yaml:1: unknown key 'sinse'\n  help: did you mean since?",
                "logscan.yaml:3: unknown key 'fromat'\n  help: did you mean format?",
            ],
            id="all unknown keys",
        ),
        pytest.param(
            "- samples\n",
            ["logscan.yaml:1: settings are written as `key: value`\n  help: logscan.example.yaml shows them all"],
            id="a list",
        ),
    ],
)
def test_faults_of_the_file_are_told_with_their_lines(settings, text, faults):
    write(text)
    with pytest.raises(RuleError) as caught:
        settings()
    assert faults == [str(fault) for fault in caught.value.faults]


def test_a_key_that_resembles_none_is_answered_with_all(settings):
    write("xyzzy: 1\n")
    with pytest.raises(RuleError) as caught:
        settings()
    assert caught.value.faults[0].help.startswith("known are timezone, containers, project, service,")


def test_a_key_that_comes_twice_is_a_fault(settings):
    write("tail: 1\ntail: 2\n")
    with pytest.raises(RuleError) as caught:
        settings()
    assert [2] == [fault.line for fault in caught.value.faults]


def test_a_wrong_value_of_the_file_is_told_with_its_line(settings):
    write("tail: 3\n\nmin_severity: awful\n")
    with pytest.raises(UsageError) as caught:
        settings()
    assert "logscan.yaml:3: min_severity: 'awful' is no severity" == caught.value.message


def test_a_folder_is_no_settings_file(settings, tmp_path):
    with pytest.raises(UsageError) as caught:
        settings("--config", str(tmp_path))
    assert f"can't read {tmp_path}: is a directory" == caught.value.message


EXAMPLE = Path(__file__).parents[2] / "logscan.example.yaml"


def test_the_example_says_the_defaults(settings):
    said = settings("--config", str(EXAMPLE))
    assert settings().model_dump(exclude={"since_ns"}) == said.model_dump(exclude={"since_ns"})


def test_the_example_shows_every_key(settings):
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    shown = {
        line.removeprefix("# ").split(":")[0] for line in lines if line.removeprefix("# ").split(":")[0].isidentifier()
    }
    assert set() == set(options.KEYS) - shown


def test_the_example_is_valid_with_all_lines_uncommented(settings):
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    keys = [line.removeprefix("# ") for line in lines if line.removeprefix("# ").split(":")[0] in options.KEYS]
    containers_only = [line for line in keys if line.split(":")[0] not in ("file", "as", "image_name")]
    write("\n".join(containers_only))
    assert ("web", "api-*") == settings().names
