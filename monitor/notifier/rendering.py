"""The templates of messages: those that ship, and the user's own in their place. Sandboxed; words of strangers are
values.

    subject.txt.j2   alert.txt.j2   alert.html.j2   mail (text and HTML part), and chats that take plain text
    chat.md.j2       chat.html.j2                   chats that take Markdown or HTML

A template of the user that cannot be read stops the start. One that breaks while a message is made is told in the log,
and the message goes out by the one that ships: no message is lost to a template.
"""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import markupsafe

from monitor.errors import ConfigError

if TYPE_CHECKING:  # jinja2 itself is imported late: most rounds of checks have no message to make
    from jinja2 import BaseLoader
    from jinja2.sandbox import ImmutableSandboxedEnvironment

log = logging.getLogger(__name__)

NAMES = ("subject.txt.j2", "alert.txt.j2", "alert.html.j2", "chat.md.j2", "chat.html.j2")

Form = Literal["txt", "md", "html"]

_MARKDOWN = re.compile(r"([\\`*_\[\]~|#])")


class Link(str):
    """A checked web address: the one value that Markdown takes as it is."""

    __slots__ = ()


class Templates:
    """Renders by name. Raises ConfigError when the user's folder holds something that is no template of ours."""

    def __init__(self, folder: Path | None = None) -> None:
        self._own = _own(folder) if folder else {}
        self._replaced = _checked(folder, self._own) if folder else frozenset()

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        if name in self._replaced:
            try:
                return self._own[_form(name)].get_template(name).render(values)
            except Exception as error:
                log.warning("the template %s breaks (%s); the message goes out by the one that ships", name, error)
        return self._shipped[_form(name)].get_template(name).render(values)

    @cached_property
    def _shipped(self) -> dict[str, ImmutableSandboxedEnvironment]:
        from jinja2 import PackageLoader

        return _environments(PackageLoader("monitor.notifier", "templates"))


def _own(folder: Path) -> dict[str, ImmutableSandboxedEnvironment]:
    from jinja2 import FileSystemLoader

    return _environments(FileSystemLoader(folder))


def _form(name: str) -> str:
    return name.split(".")[1]


def _environments(loader: BaseLoader) -> dict[str, ImmutableSandboxedEnvironment]:
    """One for each form of text, which makes strangers' words harmless in that form."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return {
        form: ImmutableSandboxedEnvironment(
            loader=loader,
            autoescape=form == "html",
            finalize=_in_markdown if form == "md" else None,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        for form in ("txt", "html", "md")
    }


def escaped(text: str, form: Form) -> str:
    """The text so that it is no markup in this form."""
    if form == "html":
        return str(markupsafe.escape(text))
    return str(_in_markdown(text)) if form == "md" else text


def _in_markdown(value: Any) -> Any:
    """A value so that no dialect takes it for markup, a mention or a link."""
    if isinstance(value, Link):
        return value.replace("(", "%28").replace(")", "%29")
    if not isinstance(value, str):
        return value
    plain = value.replace("<", "‹").replace(">", "›").replace("@", "@\u200b")
    return _MARKDOWN.sub(r"\\\1", plain)


def _checked(folder: Path, environments: Mapping[str, ImmutableSandboxedEnvironment]) -> frozenset[str]:
    """The templates that the folder replaces. Raises ConfigError with a line for each that cannot be used."""
    if not folder.is_dir():
        raise ConfigError(f"templates: there is no folder {folder}")
    found = sorted(path.name for path in folder.glob("*.j2"))
    mistakes = [mistake for name in found if (mistake := _mistake(folder / name, environments))]
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return frozenset(found)


def _mistake(file: Path, environments: Mapping[str, ImmutableSandboxedEnvironment]) -> str | None:
    """Why the file is no template of ours, in one line."""
    from jinja2 import TemplateError

    if file.name not in NAMES:
        close = difflib.get_close_matches(file.name, NAMES, n=1)
        meant = f'; did you mean "{close[0]}"?' if close else f"; there are {', '.join(NAMES)}"
        return f"{file}: there is no such template{meant}"
    try:
        environments[_form(file.name)].get_template(file.name)
    except (TemplateError, UnicodeError, OSError) as error:
        line = getattr(error, "lineno", None)
        words = getattr(error, "strerror", None) or str(error)
        return f"{file}{f', line {line}' if line else ''}: {' '.join(words.split())}"
    return None
