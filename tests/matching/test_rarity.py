"""How rare a literal is: what every line carries is not, and names of loggers less than messages."""

import pytest

from logscan.matching.rarity import bits


@pytest.mark.parametrize(
    ("common", "rare"),
    [
        ("message", "deadlock"),
        ("[homeassistant.components.recorder", "error while executing script"),
        ("com.mongodb.mongo", "com.mongodb.mongoexception"),
        ("error ", "panic: "),
        ("[homeassistant.", "error while"),
    ],
)
def test_one_is_rarer_than_the_other(common, rare):
    assert bits(common) < bits(rare)
