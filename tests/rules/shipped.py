"""The shipped rules as everything else gets them, and what they say to a line."""

from logscan.matching.matcher import Matcher
from logscan.ruleset.loader import load_rules

SHIPPED = load_rules([])
MATCHER = Matcher(SHIPPED)


STORY = [
    rule
    for rule in SHIPPED
    if rule.id
    in {
        "homeiq-discovery-cache-stale",
        "homeiq-yaml-plural-keys",
        "influxdb-dispatcher-panic",
        "influxdb-unauthorized",
        "python-import-error",
        "unauthorized-access",
    }
]
"""The rules for which the corpus of the benchmarks and the logs of HomeIQ were made."""


def matching(text):
    """The ids of the rules of the story whose pattern matches, whoever wrote the line."""
    return [rule.id for rule in STORY if MATCHER.matches(rule, text)]
