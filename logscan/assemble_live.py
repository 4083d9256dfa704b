"""Assemble, live: settings in, hosts that are followed out. Beside `assemble` the only place that names concrete classes.

Owns what `follow` and `scan --since last` are made of: the state, and for each host a reader, a detector and
what was known of it. Does not own the loop (follow), nor any of the parts' work.
"""

from __future__ import annotations

import os
import queue
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import SystemRandom
from typing import TextIO

from logscan.announce import Announcer
from logscan.assemble import (
    FILE_WIDTH,
    Progress,
    RuleChoice,
    Warn,
    choose_rules,
    exit_code,
    keep_freed_memory,
    selection_of,
    sink_of,
)
from logscan.counting import Counting
from logscan.detection.detector import Detector
from logscan.errors import EngineUnreachable, ExitCode, SourceError
from logscan.finding import Coverage, Finding, Gap, GapReason, Report, ScanError, Status
from logscan.follow import Follow, Part, Stop
from logscan.framing.time_range import TimeRange
from logscan.matching.matcher import Matcher
from logscan.redact import redact
from logscan.settings import FollowFormat, FollowSettings, ScanSettings, Since
from logscan.sinks.live import FollowSummary, LiveSink
from logscan.sources.docker.engine import Engine
from logscan.sources.docker.follow.host import HostReader
from logscan.sources.live import Back, First, LiveSource, Lost, Start
from logscan.store.store import Store

LATENESS_NS = 5_000_000_000
"""Lines of one service may come in an order that is off by this much, and windows still see them in order."""

LOST_AFTER_S = 3.0
"""An engine that doesn't answer at first is told of after this."""

TRY_AGAIN_S = (0.2, 10.0)
