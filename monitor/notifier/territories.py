"""The names of countries and territories in the languages of the world, as the CLDR has them."""

from __future__ import annotations

from collections.abc import Mapping


def territories(language: str) -> Mapping[str, str]:
    """Code -> name; nothing for a language that is not known."""
    from babel import Locale, UnknownLocaleError  # late: it takes a while to load, and most checks tell nothing

    try:
        return Locale(language).territories
    except (UnknownLocaleError, ValueError):
        return {}
