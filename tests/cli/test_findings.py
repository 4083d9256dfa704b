"""`logscan findings`: what the store knows, as text and as JSON, also beside a running follow."""

import io
import json
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from logscan.batch import Container, Service, Stream
from logscan.cli.findings import findings as findings_command
from logscan.cli.findings_text import print_list, print_page
from logscan.cli.main import Invocation
from logscan.duration import UNITS_NS
from logscan.finding import Finding, Gap, GapReason, Sample, Severity, Share
from logscan.sinks.document import FindingDocument
from logscan.sinks.event_document import finding_document
from logscan.sinks.terminal import Terminal
from logscan.store.life import Life
from logscan.store.reader import StoredFinding
from logscan.store.records import Commit, FindingRow, GapRow
from logscan.store.store import Store
from tests.sinks.conftest import HOSTILE

HOUR, DAY = UNITS_NS["h"], UNITS_NS["d"]
THEN = 1_764_741_946 * UNITS_NS["s"]  # 2025-12-03T06:05:46Z
UNSAFE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u200b\ud800]")
INFLUX = Container("c1" * 32, "homeiq-influxdb", "c1" * 32, "influxdb:2.7.12", "sha256:ab", "nuc")


def a_finding(fingerprint="v1:9f2c0000000000000000000000000000", **other):
    values = {
        "rule_id": "influxdb-dispatcher-panic",
        "rule_title": "InfluxDB query engine panicked",
        "rule_file": "influxdb.yaml",
        "severity": Severity.HIGH,
        "title": "InfluxDB query engine panicked",
        "count": 1234,
        "first_seen_ns": THEN - 6 * DAY,
        "last_seen_ns": THEN,
        "service": Service("homeiq", "influxdb"),
        "container": INFLUX,
        "containers": (Share(INFLUX, 1234),),
        "fields": {"reason": "runtime error: index out of range"},
        "samples": (
            Sample(THEN, Stream.STDERR, 'lvl=info msg="Dispatcher panic"', after=("goroutine 4246 [running]:",)),
            Sample(THEN + 1, Stream.STDERR, 'lvl=info msg="Dispatcher panic" again'),
        ),
        "why": "A query died with an internal error; the process survived, so health checks stay green.",
        "advice": "One may be transient. When it recurs, find the query in the stack trace and upgrade InfluxDB.",
        "references": ("https://github.com/influxdata/influxdb/issues/26906",),
    }
    return Finding(fingerprint=fingerprint, **values | other)


STALE = a_finding(
    "v1:9f2d0000000000000000000000000000",
    rule_id="homeiq-discovery-cache-is-stale-and-this-id-is-longer-than-a-narrow-terminal-is-wide",
    severity=Severity.LOW,
    title="Discovery cache is stale, and it takes a title longer than a line to say so to everybody who reads",
    count=2,
    first_seen_ns=None,
    last_seen_ns=None,
    service=Service(None, "web"),
)


def stored(finding, life=Life.ONGOING, **other):
    values = {
        "host": "nuc",
        "opened_ns": THEN - 6 * DAY,
        "resolved_ns": THEN - HOUR if life is Life.RESOLVED else None,
        "regressed_ns": THEN - HOUR if life is Life.REGRESSED else None,
        "history": ((THEN // HOUR - 100, 1000), (THEN // HOUR - 1, 200), (THEN // HOUR, 34)),
    }
    return StoredFinding(
        fingerprint=finding.fingerprint,
        rule_id=finding.rule_id,
        severity=finding.severity,
        project=finding.service.project,
        service=finding.service.name,
        count=finding.count,
        first_seen_ns=finding.first_seen_ns,
        last_seen_ns=finding.last_seen_ns,
        life=life,
        document=json.loads(finding_document(replace(finding, state=life.value))),
        **values | other,
    )


GAP = Gap(INFLUX, THEN - HOUR, THEN, GapReason.ROTATED)


def listed(found, gaps=(), width=80):
    out = io.StringIO()
    rows = [GapRow.of(gap, "nuc", THEN) for gap in gaps]
    print_list(found, rows, Terminal(out, width=width, color=False), now_ns=THEN)
    return out.getvalue()


def page(one, width=80):
    out = io.StringIO()
    print_page(one, Terminal(out, width=width, color=False), now_ns=THEN)
    return out.getvalue()


def test_a_list_is_the_golden_file(golden):
    found = [stored(a_finding()), stored(STALE, Life.NEW), stored(STALE, Life.REGRESSED), stored(STALE, Life.RESOLVED)]
    golden("findings-list.txt", listed(found, [GAP]))


def test_a_page_is_the_golden_file(golden):
    golden("findings-show.txt", page(stored(a_finding(), Life.REGRESSED)))


@pytest.mark.parametrize(
    ("life", "told"),
    [
        (Life.NEW, "new"),
        (Life.ONGOING, "ongoing"),
        (Life.RESOLVED, "resolved since 2025-12-03 05:05:46 UTC"),
        (Life.REGRESSED, "regressed, back since 2025-12-03 05:05:46 UTC"),
    ],
)
def test_a_page_tells_how_a_finding_stands(life, told):
    assert f"  state:       {told}" in page(stored(a_finding(), life)).splitlines()


def test_a_list_fits_80_columns_but_for_ids():
    found = [stored(a_finding(count=99_999)), stored(STALE, Life.REGRESSED)]
    wide = [line for line in listed(found, [GAP] * 9).splitlines() if cell_len(line) > 80]
    assert ["  " + STALE.rule_id] == wide


def test_an_empty_list_says_so():
    assert "No findings.\n" == listed([])


def test_only_the_newest_gaps_are_listed():
    text = listed([], [GAP] * 7)
    assert (True, 5) == ("2 older gaps, and the newest:" in text, text.count("gap: homeiq-influxdb: rotated"))


def test_hosts_are_named_where_there_are_several():
    found = [stored(a_finding()), stored(a_finding(), host="pi")]
    assert ([True, True], [False]) == (
        [f"homeiq/influxdb on {host}:" in listed(found) for host in ("nuc", "pi")],
        [" on nuc" in listed(found[:1])],
    )


def test_nothing_foreign_gets_out_that_steers():
    container = Container(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    sample = Sample(0, Stream.STDOUT, HOSTILE, before=(HOSTILE,), after=(HOSTILE,))
    finding = a_finding(
        rule_title=HOSTILE,
        rule_file=HOSTILE,
        title=HOSTILE,
        service=Service(HOSTILE, HOSTILE),
        container=container,
        containers=(Share(container, 1),),
        fields={HOSTILE: HOSTILE},
        samples=(sample,),
        why=HOSTILE,
        advice=HOSTILE,
        references=(HOSTILE,),
    )
    found = [stored(finding, host=HOSTILE), stored(finding, host="pi")]
    text = listed(found, [Gap(container, None, None, GapReason.DAMAGED)]) + page(found[0])
    assert "" == "".join(UNSAFE.findall(text))


@pytest.fixture
def state(tmp_path):
    """A store in the place where logscan looks for it, with findings that stand in every way."""
    now_ns = time.time_ns()

    def row(finding):
        return FindingRow(
            fingerprint=finding.fingerprint,
            rule_id=finding.rule_id,
            severity=finding.severity,
            project=finding.service.project,
            service=finding.service.name,
            count=finding.count,
            first_seen_ns=finding.first_seen_ns,
            last_seen_ns=finding.last_seen_ns,
            document=finding_document(finding),
            tally=b"",
            quiet_ns=DAY,
        )

    ongoing = a_finding()
    new = a_finding("v1:9f2d", rule_id="new-one", severity=Severity.LOW, service=Service("homeiq", "web"))
    resolved = a_finding("v1:aaaa", rule_id="resolved-one", severity=Severity.CRITICAL)
    regressed = a_finding("v1:bbbb", rule_id="regressed-one", severity=Severity.MEDIUM)
    with Store.open(tmp_path / "state" / "logscan" / "logscan.db", now_ns=now_ns - 2 * DAY) as store:
        store.commit(Commit("nuc", now_ns - 2 * DAY, findings=[row(ongoing), row(resolved), row(regressed)]))
        store.commit(Commit("nuc", now_ns - DAY, resolved=["v1:aaaa", "v1:bbbb"]))
        store.commit(Commit("nuc", now_ns, findings=[row(new), row(regressed)], gaps=[GapRow.of(GAP, "nuc", now_ns)]))
        yield store


@pytest.fixture
def findings(logscan, tmp_path):
    """Run `logscan findings` where the state lies as the XDG base directories have it."""
    return lambda *arguments: logscan("findings", *arguments, env={"XDG_STATE_HOME": str(tmp_path / "state")})


@pytest.fixture
def asked(tmp_path, monkeypatch, capsys):
    """Run `logscan findings` as `findings` does, but in this process, and give the states of what it prints by rule."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def run(*arguments):
        assert 0 == findings_command.main([*arguments, "--format", "json"], standalone_mode=False, obj=Invocation())
        return [(found["rule"]["id"], found["state"]) for found in json.loads(capsys.readouterr().out)["findings"]]

    return run


ALL = {
    "influxdb-dispatcher-panic": "ongoing",
    "new-one": "new",
    "regressed-one": "regressed",
    "resolved-one": "resolved",
}


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        pytest.param([], ["influxdb-dispatcher-panic", "regressed-one", "new-one"], id="all that is open, worst first"),
        pytest.param(["--is", "resolved"], ["resolved-one"], id="resolved"),
        pytest.param(["--is", "new", "--is", "regressed"], ["regressed-one", "new-one"], id="two states"),
        pytest.param(["--min-severity", "medium"], ["influxdb-dispatcher-panic", "regressed-one"], id="severity"),
        pytest.param(["--service", "w*"], ["new-one"], id="service"),
        pytest.param(["--rule", "*-one"], ["regressed-one", "new-one"], id="rule"),
        pytest.param(["--rule", "*-one", "--service", "influxdb"], ["regressed-one"], id="rule and service"),
        pytest.param(["--rule", "nothing"], [], id="nothing"),
    ],
)
def test_a_list_is_narrowed_by_flags_beside_a_running_follow(asked, state, arguments, names):
    assert [(name, ALL[name]) for name in names] == asked("list", *arguments)


def test_json_is_findings_and_nothing_else(findings, state):
    document = json.loads(findings("list", "--format", "json").stdout)
    assert ["findings"] == list(document)
    expected = FindingDocument.of(replace(a_finding(), state="ongoing"))
    assert expected == FindingDocument.model_validate(document["findings"][0])


def test_text_lists_findings_and_gaps(findings, state):
    lines = findings("list").stdout.splitlines()
    assert "  influxdb-dispatcher-panic" in lines
    assert "3 findings: 1 high, 1 medium, 1 low" in lines
    assert lines[-1].startswith("gap: homeiq-influxdb: rotated")


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        pytest.param("v1:aaaa", "resolved-one", id="a fingerprint"),
        pytest.param("aa", "resolved-one", id="the beginning of a fingerprint, bare"),
        pytest.param("v1:aa", "resolved-one", id="the beginning of a fingerprint"),
        pytest.param("new-one", "new-one", id="a rule"),
    ],
)
def test_one_is_shown_by_name(asked, state, name, rule):
    assert [(rule, ALL[rule])] == asked("show", name)


def test_one_is_shown_with_all_that_is_known(findings, state):
    text = findings("show", "9f2c").stdout
    finding = a_finding()
    known = [finding.rule_id, finding.fingerprint, *finding.references, "runtime error: index out of range", "ongoing"]
    assert [] == [word for word in [*known, "Dispatcher panic", "goroutine", "What to do:"] if word not in text]


@pytest.mark.parametrize(
    ("name", "stderr"),
    [
        pytest.param("xyz", "error: no such finding: xyz\nhelp: run 'logscan findings list' to see them\n", id="none"),
        pytest.param(
            "9f2",
            "error: 2 findings have a fingerprint that begins with 9f2\n"
            "help: write more of it: v1:9f2c0000000000000000000000000000, v1:9f2d\n",
            id="several",
        ),
    ],
)
def test_a_name_that_means_no_finding_is_wrong_usage(findings, state, name, stderr):
    ended = findings("show", name)
    assert (2, "", stderr) == (ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.parametrize(
    ("arguments", "stdout"), [([], "No findings.\n"), (["--format", "json"], '{\n  "findings": []\n}\n')]
)
def test_without_state_nothing_is_known_and_how_to_start_is_told(findings, tmp_path, arguments, stdout):
    ended = findings("list", *arguments)
    place = tmp_path / "state" / "logscan" / "logscan.db"
    assert (0, stdout) == (ended.returncode, ended.stdout)
    assert (
        f"warning: no state has been kept in {place} yet\nhelp: run logscan follow first, or name its file with --state\n"
        == ended.stderr
    )


def test_without_state_nothing_can_be_shown(findings):
    ended = findings("show", "9f2c")
    assert (2, True) == (ended.returncode, "run logscan follow first" in ended.stderr)


def test_a_file_that_is_no_state_is_left_alone(findings, tmp_path):
    (tmp_path / "notes.txt").write_text("mine\n" * 1000)
    ended = findings("list", "--state", "notes.txt")
    assert (True, "mine\n" * 1000) == (ended.returncode != 0, (tmp_path / "notes.txt").read_text())


def test_the_settings_file_says_where_the_state_is(logscan, state, tmp_path):
    Path(tmp_path / "logscan.yaml").write_text("state: state/logscan/logscan.db\n")
    assert "  new-one" in logscan("findings", "list").stdout.splitlines()
