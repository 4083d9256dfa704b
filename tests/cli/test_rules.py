"""`logscan rules`: what is listed, shown, checked and tested."""

import json

import pytest

RULES = """\
schema: logscan/v1
technology: Shop
where: {service: ["*shop*"]}
rules:
  - id: shop-payment-refused
    title: A payment was refused
    severity: medium
    match: {any: [{contains: payment refused}, {field: code, gte: 500}]}
    extract: 'order (?P<order>\\d+)'
    group_by: [order]
    window: {type: event_count, count: 3, within: 5m}
    escalate:
      - {severity: critical, when: {count: 10, within: 36h}}
    why: The customer is told to try again, and some never do.
    advice: Look at the provider's status page.
    references: [https://shop.example/refused]
    tests:
      match: ["payment refused for order 7"]
      ignore: ["payment accepted for order 8"]
    scenarios:
      - lines:
          - {at: 0s, line: payment refused for order 7}
          - {at: 1m, line: payment refused for order 7}
          - {at: 2m, line: payment refused for order 7}
        findings: [{severity: medium, count: 3}]
"""


@pytest.fixture
def shop(tmp_path):
    """A file with one good rule."""
    path = tmp_path / "shop.yaml"
    path.write_text(RULES, encoding="utf-8")
    return path


def test_list_is_one_rule_a_line(logscan, shop):
    ended = logscan("rules", "list", "--no-builtin", "--rules", shop)
    expected = [
        ["ID", "SEVERITY", "TECHNOLOGY", "TITLE", "INPUT", "WINDOW", "TESTS"],
        ["shop-payment-refused", "medium", "Shop", "A payment was refused", "line", "event_count", "2"],
    ]
    rows = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in ended.stdout.splitlines()]
    assert (0, expected) == (ended.returncode, rows)


def test_list_holds_the_builtin_rules_besides(logscan, shop):
    found = json.loads(logscan("rules", "list", "--format", "json", "--rules", shop).stdout)["rules"]
    ids = {rule["id"] for rule in found}
    assert {"influxdb-dispatcher-panic", "shop-payment-refused"} == ids & {
        "influxdb-dispatcher-panic",
        "shop-payment-refused",
    }


def test_list_as_json(logscan, shop):
    ended = logscan("rules", "list", "--format", "json", "--no-builtin", "--rules", shop)
    expected = {
        "id": "shop-payment-refused",
        "severity": "medium",
        "technology": "Shop",
        "title": "A payment was refused",
        "file": "shop.yaml",
        "input": "line",
        "window": "event_count",
        "tests": 2,
        "scenarios": 1,
    }
    assert {"rules": [expected]} == json.loads(ended.stdout)


def test_list_is_not_disturbed_by_the_format_of_findings(logscan, shop):
    ended = logscan("rules", "list", "--no-builtin", "--rules", shop, env={"LOGSCAN_FORMAT": "ndjson"})
    assert (0, "ID ") == (ended.returncode, ended.stdout[:3])


def test_titles_reach_the_terminal_harmless(logscan, shop):
    shop.write_text(RULES.replace("A payment was refused", '"[red]A \\u202e\\x1b[1m payment[/red]"'), encoding="utf-8")
    ended = logscan("rules", "list", "--no-builtin", "--rules", shop)
    assert "[red]A \\u202e\\x1b[1m payment[/red]" in ended.stdout


def test_show_tells_all(logscan, shop, golden):
    golden(
        "rules-show.txt",
        logscan("rules", "show", "shop-payment-refused", "--rules", shop).stdout.replace(str(shop), "shop.yaml"),
    )


EVERY_KEY = """\
    input: event
    multiline: {continue: '^\\s+at '}
    instead_of: [python-import-error]
    count_once_within: 2s
    cooldown: 90m
    related: {match: {contains: "401"}, within: 2s}
    scenarios:
      - lines: [{at: 0s, line: payment refused for order 7, as: shop, stream: stderr}]
        findings: []
"""


def test_show_tells_the_keys_that_few_rules_have(logscan, shop, golden):
    shop.write_text(RULES.partition("    scenarios:")[0] + EVERY_KEY, encoding="utf-8")
    shown = logscan("rules", "show", "shop-payment-refused", "--rules", shop).stdout
    golden("rules-show-every-key.txt", shown.replace(str(shop), "shop.yaml"))


@pytest.mark.parametrize(
    ("asked", "help_text"),
    [
        pytest.param("shop-payment-refusd", "did you mean shop-payment-refused?", id="misspelt"),
        pytest.param("xyzzy", "run 'logscan rules list' to see them all", id="nothing like it"),
    ],
)
def test_show_of_an_unknown_rule(logscan, shop, asked, help_text):
    ended = logscan("rules", "show", asked, "--no-builtin", "--rules", shop)
    assert (2, "", f"error: no such rule: {asked}\nhelp: {help_text}\n") == (
        ended.returncode,
        ended.stdout,
        ended.stderr,
    )


def test_check_of_a_good_rule(logscan, shop):
    ended = logscan("rules", "check", shop)
    assert (0, "1 rule, 0 warnings, 0 notes\n") == (ended.returncode, ended.stdout)


def test_check_exits_with_1_on_warnings(logscan, shop):
    shop.write_text(RULES.replace("    advice: Look at the provider's status page.\n", ""), encoding="utf-8")
    ended = logscan("rules", "check", shop)
    assert (1, "1 rule, 1 warning, 0 notes") == (ended.returncode, ended.stdout.splitlines()[-1])


def test_check_exits_with_0_on_notes(logscan, shop):
    shop.write_text(RULES.replace("[order]", "[shop]"), encoding="utf-8")
    ended = logscan("rules", "check", shop)
    assert (0, "1 rule, 0 warnings, 1 note") == (ended.returncode, ended.stdout.splitlines()[-1])


@pytest.mark.parametrize("command", ["check", "test", "list"])
def test_faults_are_2_and_all_are_told(logscan, shop, command):
    shop.write_text(RULES.replace("severity: medium", "severity: awful").replace("title:", "tilte:"), encoding="utf-8")
    paths = ["--rules", shop] if command == "list" else [shop]
    ended = logscan("rules", command, *paths)
    errors = [line for line in ended.stderr.splitlines() if line.startswith(f"error: {shop}:")]
    assert (2, "", True) == (ended.returncode, ended.stdout, len(errors) >= 2)


def test_test_looks_at_the_named_files_alone(logscan, shop):
    ended = logscan("rules", "test", shop)
    assert (0, "1 rule, 2 tests, 1 scenario, 0 failed\n") == (ended.returncode, ended.stdout)


def test_a_test_that_fails_is_1_and_tells_the_line(logscan, shop):
    shop.write_text(RULES.replace("payment accepted", "payment refused"), encoding="utf-8")
    ended = logscan("rules", "test", shop)
    expected = [
        f"{shop}:5: shop-payment-refused does not ignore 'payment refused for order 8'",
        "  expected: no match",
        "  got:      a match",
        "1 rule, 2 tests, 1 scenario, 1 failed",
    ]
    assert (1, expected) == (ended.returncode, ended.stdout.splitlines())


def test_a_scenario_that_fails_is_1_and_tells_both_sides(logscan, shop):
    shop.write_text(RULES.replace("[{severity: medium", "[{severity: high"), encoding="utf-8")
    ended = logscan("rules", "test", shop)
    expected = [
        f"{shop}:5: shop-payment-refused: scenario 1 failed",
        "  expected: 1 finding (high, count 3)",
        "  got:      1 finding (medium, count 3)",
        "1 rule, 2 tests, 1 scenario, 1 failed",
    ]
    assert (1, expected) == (ended.returncode, ended.stdout.splitlines())


OVERRIDE = """\
schema: logscan/v1
overrides:
  - {id: %s, severity: info, reason: known}
"""


def test_check_of_a_file_knows_the_shipped_rules_that_it_changes(logscan, shop):
    shop.write_text(OVERRIDE % "python-import-error", encoding="utf-8")
    assert (0, "0 rules, 0 warnings, 0 notes\n") == (
        (ended := logscan("rules", "check", shop)).returncode,
        ended.stdout,
    )


def test_check_tells_of_an_override_without_its_rule(logscan, shop):
    shop.write_text(OVERRIDE % "gone-for-long", encoding="utf-8")
    ended = logscan("rules", "check", shop)
    assert (1, "0 rules, 1 warning, 0 notes") == (ended.returncode, ended.stdout.splitlines()[-1])


def test_a_path_that_is_not_there_is_2(logscan):
    assert 2 == logscan("rules", "test", "gone.yaml").returncode


def test_a_misspelt_subcommand(logscan):
    ended = logscan("rules", "tset")
    assert (2, "help: did you mean test?") == (ended.returncode, ended.stderr.splitlines()[-1])


def test_the_schema_of_rule_files_is_printed(logscan):
    schema = json.loads(logscan("rules", "schema").stdout)
    assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]
