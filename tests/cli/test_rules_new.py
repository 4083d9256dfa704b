"""`logscan rules new`: a rule file from a line."""

import pytest

LINE = '2025-12-03T06:05:46Z ERROR payment of 17 EUR refused by "acme"'

FILE = r"""schema: logscan/v1
technology: 'shop'
where: {service: ['shop']}
rules:
  - id: shop-payment-refused
    title: 'ERROR payment of … EUR refused by …'  # say what is wrong
    severity: high
    match:
      regex: 'ERROR payment of \d+ EUR refused by "(?P<quoted>[^"]*)"'
    # why: what the line means, and why it is bad
    # advice: what to do about it
    tests:
      match:
        - '2025-12-03T06:05:46Z ERROR payment of 17 EUR refused by "acme"'
      ignore:
        # replace it: a line that looks like the one above, and is no trouble
        - 'Server started, listening on port 8080'
"""

SAID = """wrote shop-payment-refused.yaml
Next: say in the file why it is bad and what to do, and replace the line to ignore. Then
  logscan rules test shop-payment-refused.yaml
  logscan rules check shop-payment-refused.yaml
  logscan rules backtest --rules shop-payment-refused.yaml shop-payment-refused --since 7d
"""


def test_the_file_is_written_and_the_next_steps_are_told(logscan, tmp_path):
    ended = logscan("rules", "new", "shop-payment-refused", "--like", LINE, "--severity", "high", "--as", "shop")
    assert (0, SAID, "") == (ended.returncode, ended.stdout, ended.stderr)
    assert FILE == (tmp_path / "shop-payment-refused.yaml").read_text(encoding="utf-8")


def test_what_is_written_passes_its_tests(logscan):
    logscan("rules", "new", "a-b", "--like", LINE, "--output", "own.yaml")
    assert "1 rule, 2 tests, 0 scenarios, 0 failed\n" == logscan("rules", "test", "own.yaml").stdout


def test_a_file_that_is_there_stays(logscan, tmp_path):
    path = tmp_path / "a-b.yaml"
    path.write_text("mine")
    ended = logscan("rules", "new", "a-b", "--like", LINE)
    expected = "error: a-b.yaml is there already\nhelp: name another file with --output, or replace it with --force\n"
    assert (2, "", expected, "mine") == (ended.returncode, ended.stdout, ended.stderr, path.read_text())


def test_force_replaces_it(logscan, tmp_path):
    path = tmp_path / "a-b.yaml"
    path.write_text("mine")
    assert 0 == logscan("rules", "new", "a-b", "--like", LINE, "--force").returncode
    assert "schema: logscan/v1" == path.read_text(encoding="utf-8").splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        pytest.param(["Not An Id", "--like", LINE], "'Not An Id' is no rule id", id="no id"),
        pytest.param(["a" * 81, "--like", LINE], f"'{'a' * 81}' is no rule id", id="an id that is too long"),
        pytest.param(["python-import-error", "--like", LINE], "the id python-import-error is taken", id="a taken id"),
        pytest.param(["a-b", "--like", " "], "the line is empty", id="no line"),
        pytest.param(["a-b"], "Missing option '--like'.", id="without --like"),
        pytest.param(["a-b", "--like", LINE, "--output", "no/x.yaml"], "can't write no/x.yaml", id="no such folder"),
    ],
)
def test_what_can_not_be_written_is_2(logscan, tmp_path, arguments, error):
    ended = logscan("rules", "new", *arguments)
    assert (2, "", True, []) == (
        ended.returncode,
        ended.stdout,
        ended.stderr.startswith(f"error: {error}"),
        list(tmp_path.iterdir()),
    )


def test_bytes_that_are_no_text_are_replaced(logscan, tmp_path):
    assert (
        0 == logscan("rules", "new", "a-b", "--like", b"disk \xff full".decode("utf-8", "surrogateescape")).returncode
    )
    assert "regex: 'disk \ufffd full'" in (tmp_path / "a-b.yaml").read_text(encoding="utf-8")


def test_a_line_without_text_is_told(logscan):
    assert "tried on every line" in logscan("rules", "new", "a-b", "--like", "<>").stdout
