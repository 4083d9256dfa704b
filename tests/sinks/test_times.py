from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logscan.sinks.times import parse_rfc3339, readable_range, readable_time, rfc3339

DAY = 86_400 * 10**9
FIRST = -719_162 * DAY
LAST = 2_932_897 * DAY - 1


@pytest.mark.parametrize(
    ("time_ns", "text"),
    [
        pytest.param(0, "1970-01-01T00:00:00.000000000Z", id="epoch"),
        pytest.param(1_760_432_651_269_411_123, "2025-10-14T09:04:11.269411123Z", id="nanoseconds"),
        pytest.param(-1, "1969-12-31T23:59:59.999999999Z", id="before 1970"),
        pytest.param(1 << 63, "2262-04-11T23:47:16.854775808Z", id="after 2262"),
        pytest.param(FIRST, "0001-01-01T00:00:00.000000000Z", id="first year"),
        pytest.param(LAST, "9999-12-31T23:59:59.999999999Z", id="last year"),
        pytest.param(FIRST - 1, None, id="before the first year"),
        pytest.param(LAST + 1, None, id="after the last year"),
        pytest.param(10**40, None, id="absurd"),
        pytest.param(None, None, id="unknown"),
    ],
)
def test_a_time_has_nine_digits_or_is_null(time_ns: int | None, text: str | None) -> None:
    assert text == rfc3339(time_ns)


@given(st.integers(FIRST, LAST))
def test_a_time_is_read_back_to_the_nanosecond(time_ns: int) -> None:
    assert time_ns == parse_rfc3339(str(rfc3339(time_ns)))


@pytest.mark.parametrize(
    "text", ["2025-10-14T09:04:11Z", "2025-10-14", "", "2025-10-14T09:04:11.269411000+02:00"], ids=repr
)
def test_another_form_of_time_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="nine digits"):
        parse_rfc3339(text)


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        pytest.param(0, 0, "1970-01-01 00:00:00 UTC", id="one moment"),
        pytest.param(0, 10**9, "1970-01-01 00:00:00 \u2013 00:00:01 UTC", id="one day"),
        pytest.param(0, DAY, "1970-01-01 00:00:00 \u2013 1970-01-02 00:00:00 UTC", id="two days"),
        pytest.param(None, 0, "unknown time \u2013 1970-01-01 00:00:00 UTC", id="unknown start"),
    ],
)
def test_a_range_says_once_what_both_ends_share(first: int | None, last: int | None, text: str) -> None:
    assert text == readable_range(first, last)


def test_an_unknown_time_is_said_to_be_unknown() -> None:
    assert readable_time(None) == "unknown time"
