"""The demo's pages, feeds and config from the templates beside this module."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from monitor.models import utc_text


def render(template: str, **values: object) -> str:
    return _TEMPLATES.get_template(template).render(**values)


def day(moment: datetime) -> str:
    """`5 January 2026`."""
    return f"{moment.day} {moment:%B %Y}"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("monitor.cli.demo"),
        autoescape=select_autoescape(("html.j2", "xml.j2")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"iso": utc_text, "rfc822": format_datetime, "day": day}
    return environment


_TEMPLATES = _environment()
