"""What the engine tells of containers: told once, over kills too."""

from collections import Counter

ENDED = """\
schema: logscan/v1
technology: Test
rules:
  - id: ended
    title: It ended
    severity: low
    input: event
    match: {field: exit_code, gte: 1}
    tests: {match: ['{"exit_code":3}'], ignore: ['{"exit_code":0}']}
  - id: spoke
    title: It spoke
    severity: low
    match: {contains: here I am}
    tests: {match: [here I am], ignore: [silence]}
"""


def found(follow):
    return Counter((each["rule"]["id"], each["service"]["name"]) for each in follow.findings())


def test_an_event_of_before_the_first_start_is_told_although_a_kill_came_first(emitter, follower, tmp_path):
    """An event is judged six seconds after it came; a line of that time is kept long before."""
    rules = tmp_path / "ended.yaml"
    rules.write_text(ENDED)
    emitter.shell("exit 3", name="ended-early").wait()
    follow = follower(rules=rules).start("--since", "24h")
    emitter.shell("echo here I am; sleep 600", name="speaker")

    follow.until(lambda: found(follow)["spoke", "speaker"], every=0.05)
    follow.kill()
    follow.start()

    follow.until(lambda: found(follow)["ended", "ended-early"])
    assert 0 == follow.stop()
