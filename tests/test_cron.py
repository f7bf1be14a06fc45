"""Cron expressions: people's weekdays, and once a local day over the changes of the clocks."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from monitor.cron import check, next_time

BERLIN = ZoneInfo("Europe/Berlin")


def fires(expression: str, zone: ZoneInfo, after: datetime, count: int) -> list[datetime]:
    found: list[datetime] = []
    for _ in range(count):
        after = next_time(expression, zone, after)
        found.append(after.astimezone(zone))
    return found


@pytest.mark.parametrize(
    ("weekday", "days"),
    [
        ("mon-fri", "Mon Tue Wed Thu Fri"),
        ("1-5", "Mon Tue Wed Thu Fri"),
        ("0", "Sun"),
        ("7", "Sun"),
        ("5-7", "Fri Sat Sun"),
        ("sat-mon", "Mon Sat Sun"),
        ("*/2", "Tue Thu Sat Sun"),
        ("1-5/2", "Mon Wed Fri"),
        ("2,4", "Tue Thu"),
        ("*", "Mon Tue Wed Thu Fri Sat Sun"),
    ],
)
def test_weekdays_count_as_in_a_crontab(weekday: str, days: str) -> None:
    week = fires(f"0 7 * * {weekday}", BERLIN, datetime(2026, 6, 1, tzinfo=UTC), 7)
    monday = date(2026, 6, 1)
    found = [fire.strftime("%a") for fire in week if fire.date() < monday + timedelta(days=7)]
    assert " ".join(found) == days


@pytest.mark.parametrize("expression", ["30 2 * * *", "0 0 * * *", "59 23 * * *", "15 1 * * *"])
@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"])
def test_daily_is_once_a_local_day_over_both_changes_of_the_clock(expression: str, name: str) -> None:
    assert name in available_timezones()
    zone = ZoneInfo(name)
    start = datetime(2026, 1, 1, 12, tzinfo=UTC)
    days = [fire.date() for fire in fires(expression, zone, start, 400)]
    assert days == [days[0] + timedelta(days=step) for step in range(400)]


def test_the_next_time_is_later_than_the_moment_itself() -> None:
    seven = datetime(2026, 6, 1, 5, tzinfo=UTC)
    assert next_time("0 7 * * *", BERLIN, seven) == seven + timedelta(days=1)
    assert next_time("0 7 * * *", BERLIN, seven - timedelta(seconds=1)) == seven
    assert next_time("0 7 * * *", BERLIN, seven - timedelta(milliseconds=1)) == seven


@pytest.mark.parametrize("expression", ["x", "0 7 * *", "61 * * * *", "0 0 31 2 *", "0 7 * * 8", "0 7 * * someday"])
def test_a_wrong_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError):
        check(expression)


def test_a_time_that_does_not_exist_is_the_next_valid_minute() -> None:
    night = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert next_time("30 2 * * *", BERLIN, night) == datetime(2026, 3, 29, 1, tzinfo=UTC)  # 03:00 in Berlin


def test_every_quarter_of_an_hour_goes_on_through_the_night_of_the_long_hour() -> None:
    quarters = fires("*/15 * * * *", BERLIN, datetime(2026, 10, 24, 23, 59, tzinfo=UTC), 12)
    steps = {later.astimezone(UTC) - earlier.astimezone(UTC) for earlier, later in pairwise(quarters)}
    assert steps == {timedelta(minutes=15)}
