"""Words: how seldom a word stands in an ordinary line.

Owns the table and the question what a word is. The table decides speed alone, so a rough one will do;
`scripts/count-text` counts it anew.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

RAREST: Final = 7
"""What is met in fewer lines than one in so many powers of two is not in the table."""

_WORD: Final = re.compile(r"[a-z]{2,}")

_ROWS: Final = """\
1: info
2: level service
3: api context correlation filename function http id is lineno log main message module msg null py src timestamp to
4: app caller data debug for from get go in ms not ok pathname run server starting the time ts warning with
5: ai and be by cache cluster config connection core device devices duration error event file found health home
   homeassistant https inf influxdb intelligence logger lvl mainthread my name no notice of on org port received
   started stdout storage stream system user using version
6: address admin agent ah application are area assistant at automation but calendar certificate changed check client
   closed com complete component conf configuration configured consider created ctx dashboard database date db dec
   default deprecated disabled disconnected discovery docker domain down elasticsearch enabled engine events failed
   false feb fetch fetched files finished future homeiq init initialized ip key lifespan limit linux listening loaded
   manager mappings may minutes mode mozilla mqtt new node nov old open or path pid post process ready refresh release
   request root running seconds services set shutdown shutting signal size stale start startup status successfully
   supervisor systemd this tls token triggering tsm ttl type used utc vetbw warn weather websocket will worker you
   zigbee
7: access acme aggregator an analysis any apache as ask attempt attr auth authelia background backup batch being build
   bytes ca can carbon clarify closing code collected command completed components connected connections containers
   could creating current dataset deployment df directory dockerd docs ecs elapsed end environment es esphome etc
   example exited exiting fallback flush frigate generated geoip github got ha haproxy has host if index ingestion
   initandlisten inputs intensity internal interval io ipv issues it jan jellyfin job json kernel keycloak launcher
   lib light line listen localhost logging mb memory method metrics more mysqld network note oct office one op
   operation option options outputs passed patterns php pipeline please plugin primary provider quarkus read reason
   recommended recovery red registered remote removed requested requests response retention runtime scheduler see
   sensor session settings setup should skipping sock socket sql srv state stats stopped strict success suggestion
   table thread tokens took traefik true tsdb unknown up url use usr uvicorn var waiting web wiredtiger write written
   ws your
"""
_TROUBLE: Final = "error errors warning warn exception failed failure failing fatal debug traceback unable cannot could"
"""Seldom where all is well. Where it isn't, in so many lines that they tell little."""


def words_of(text: str) -> Sequence[str]:
    """Give the words of a text in lower case, in their order."""
    return _WORD.findall(text)


def without_words(text: str) -> str:
    """Give what is left of a text without them."""
    return _WORD.sub("", text)


def _read(rows: str) -> dict[str, float]:
    known: dict[str, float] = {}
    for row in rows.replace("\n ", " ").splitlines():
        digit, _, words = row.partition(": ")
        known |= dict.fromkeys(words.split(), float(digit))
    return known | dict.fromkeys(_TROUBLE.split(), 4.0)


WORD_BITS: Final = _read(_ROWS)
"""By word, how rare it is: one line of two to the power of so many holds it. The mean of many programs."""
