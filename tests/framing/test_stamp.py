"""Timestamps keep all nine digits, both ways."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logscan.framing.stamp import format_fixed, parse_careful, parse_fixed

MOMENTS = st.integers(-62_135_596_800 * 10**9, 253_402_300_799 * 10**9 + 999_999_999)


@given(MOMENTS)
def test_a_moment_is_the_same_after_writing_and_reading(time_ns):
    assert time_ns == parse_fixed(format_fixed(time_ns)) == parse_careful(format_fixed(time_ns))


@given(MOMENTS, MOMENTS)
def test_written_moments_compare_as_bytes(one, other):
    assert (one < other) == (format_fixed(one) < format_fixed(other))


@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)), st.integers(0, 999_999_999), st.integers(-840, 840))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_offsets_are_taken_off(moment, nanos, minutes):
    sign, (hours, rest) = "+-"[minutes < 0], divmod(abs(minutes), 60)
    text = f"{moment:%Y-%m-%dT%H:%M:%S}.{nanos:09d}{sign}{hours:02d}:{rest:02d}"
    seconds = Decimal(int(moment.replace(tzinfo=UTC, microsecond=0).timestamp())) - minutes * 60
    assert int(seconds * 10**9) + nanos == parse_careful(text.encode())


@pytest.mark.parametrize("text", [b"", b"2026", b"2026-13-01T00:00:00Z", b"2026-11-24T07:20:29.1234", b"x" * 30])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ValueError):
        parse_careful(text)
