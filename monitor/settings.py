"""The settings as values: what the config may hold, section by section, each frozen and checked.

Secrets are named, never written: `env:NAME` or `file:PATH`; their value is fetched when it is needed and shows in no
`repr`, log or error. Reading the file and telling its mistakes is `monitor.config`'s.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Sequence
from datetime import time, timedelta
from functools import cached_property, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)
from tld import get_fld

from monitor import cron
from monitor.errors import ConfigError
from monitor.models import Authority, ChangeKind, Source, SourceKind

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SIZES = {"B": 1, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}


class Secret:
    """A named secret, fetched when it is needed. Shows as its name only."""

    __slots__ = ("_folder", "_name")

    def __init__(self, name: str, folder: Path) -> None:
        self._name = name
        self._folder = folder

    def reveal(self) -> str:
        """The value. Raises ConfigError, which names the secret and not its value, when it is not there."""
        where, _, what = self._name.partition(":")
        if where == "env":
            value = os.environ.get(what)
            if not value:
                raise ConfigError(f"the environment variable {what} is not set; the config takes a secret from it")
            return value
        path = self._folder / what
        try:
            path = self._folder / Path(what).expanduser()
            value = path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError, RuntimeError) as error:  # not UTF-8, or a NUL in its name; the home of nobody
            raise ConfigError(f"the secret file {path} cannot be read ({type(error).__name__})") from error
        if not value:
            raise ConfigError(f"the secret file {path} is empty")
        return value

    def __repr__(self) -> str:
        return f"<secret {self._name}>"


def _duration(text: Any) -> timedelta:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd])\s*", text) if isinstance(text, str) else None
    if not match:
        raise ValueError('not a duration; write it like "90s", "15m", "1h" or "2d"')
    return timedelta(seconds=float(match[1]) * UNITS[match[2]])


def _size(text: Any) -> int:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]?B)\s*", text) if isinstance(text, str) else None
    if not match:
        raise ValueError('not a size; write it like "500KB" or "10MB"')
    return int(float(match[1]) * SIZES[match[2]])


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return value


def _secret(text: Any, info: ValidationInfo) -> Secret:
    if not isinstance(text, str) or not re.fullmatch(r"(env|file):\S+", text):
        raise ValueError('a secret is named, not written here: "env:NAME" or "file:PATH"')
    return Secret(text, (info.context or {}).get("folder", Path()))


_USUAL_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]*[A-Za-z0-9](?::[1-5]?\d{1,4})?(?:[/?#][!-~]*)?")


def _web_address(text: str) -> str:
    if _USUAL_ADDRESS.fullmatch(text):  # in a fifth of the time that looking closely takes
        return text
    parts = _split(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not a web address; it starts with https:// or http:// and names a host")
    if parts.username or parts.password:
        raise ValueError("holds a user or password; addresses are shown in logs and alerts")
    return text


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises for a port that is no number
    except ValueError as error:
        raise ValueError(f"not an address ({error})") from None
    if re.search(r"[\s\x00-\x1f]", text):
        raise ValueError("not an address (it holds spaces)")
    return parts


def _cron(text: str) -> str:
    try:
        cron.check(text)
    except ValueError as error:
        raise ValueError(f"not a cron expression: {error}") from None
    return text


def _zone(text: Any) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ValueError, TypeError, OSError, LookupError):
        raise ValueError('not a time zone; write it like "Europe/Berlin" or "UTC"') from None


def _network(text: Any) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(f'not a network: {error}; write it like "127.0.0.0/8"') from None


def _quiet(text: Any) -> tuple[time, time]:
    match = re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d)", text) if isinstance(text, str) else None
    try:
        if match and match[1] != match[2]:
            return time.fromisoformat(match[1]), time.fromisoformat(match[2])
    except ValueError:
        pass
    raise ValueError('not a span of the day; write it like "22:00-07:00"')


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


LONGEST_WATCH = timedelta(days=366)


def _slowing(steps: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
    if any(later <= earlier for earlier, later in pairwise(steps)):
        raise ValueError('must be a list of growing durations, as in ["1h", "1d", "7d"]')
    if len(steps) > 20 or (steps and steps[-1] > LONGEST_WATCH):
        raise ValueError("visits an article too often or for too long; at most 20 durations of at most 366d")
    return steps


def _mailbox(text: str) -> str:
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", text):
        raise ValueError("not a mail address; write it like desk@example.org")
    return text


Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_positive)]
Pause = Annotated[timedelta, BeforeValidator(_duration)]
Size = Annotated[int, BeforeValidator(_size), Field(gt=0)]
Named = Annotated[Secret, BeforeValidator(_secret)]
Address = Annotated[str, AfterValidator(_web_address)]
Cron = Annotated[str, AfterValidator(_cron)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Mailbox = Annotated[str, AfterValidator(_mailbox)]


class Section(BaseModel):
    """A table of the config: frozen, and unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True)


class HttpSettings(Section):
    """How pages are fetched: see `[http]` in the contract of the config."""

    user_agent: str = Field(default="brand-monitor/0.1 (news monitor)", min_length=1, pattern=r"^[\x20-\x7e]+$")
    deadline: Duration = timedelta(seconds=30)
    max_body: Size = 10_000_000
    per_host_delay: Pause = timedelta(seconds=1)
    respect_robots: bool = True
    allow_private_networks: tuple[Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)], ...] = ()
    proxy: Named | None = None
    ca_file: Path | None = None
    """A private certificate authority to trust besides the known ones."""


class SourceSettings(Section):
    name: Name
    brand: Name | None = None
    kind: SourceKind
    url: Address
    every: Duration | None = None
    cron: Cron | None = None
    authority: Authority = Authority.MEDIA
    outlet: Name | None = None
    links: Annotated[str, AfterValidator(lambda text: _selector(text))] | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] | None = None
    render: bool = False
    alert_on_first: bool = False
    enabled: bool = True

    @model_validator(mode="after")
    def _belongs_together(self) -> SourceSettings:
        if self.every and self.cron:
            raise ValueError("has both every and cron; keep one")
        if self.links and self.kind is not SourceKind.LISTING:
            raise ValueError(f'links goes with kind = "listing", not "{self.kind}"')
        if self.render and self.kind in (SourceKind.FEED, SourceKind.SITEMAP):
            raise ValueError(f'render goes with pages that scripts draw, not with kind = "{self.kind}"; leave it out')
        return self

    def as_source(self) -> Source:
        return Source(
            name=self.name,
            kind=self.kind,
            url=self.url,
            brand=self.brand,
            every=self.every if self.every or self.cron else timedelta(hours=1),
            cron=self.cron,
            authority=self.authority,
            outlet=self.outlet or registrable_domain(_host(self.url)),
            links=self.links,
            language=self.language,
            render=self.render,
            alert_on_first=self.alert_on_first,
            enabled=self.enabled,
        )


def _selector(text: str) -> str:
    import soupsieve  # late: with BeautifulSoup it would be a fifth of the start of every command

    try:
        soupsieve.compile(text)
    except soupsieve.SelectorSyntaxError as error:
        raise ValueError(f"not a CSS selector: {str(error).splitlines()[0]}") from None
    return text


def _host(url: str) -> str:
    """The host of an address that was found good, as `urlsplit` has it, in a tenth of its time."""
    found = re.match(r"\w+://(?:\[([^\]]*)\]|([^/?#:]*))", url)
    return (found[1] or found[2] or "").lower() if found else ""


@lru_cache(10_000)
def registrable_domain(host: str) -> str:
    """`media.smart.com` -> `smart.com`, `news.bbc.co.uk` -> `bbc.co.uk`; an IP address or single word as it is.

    By tld's list of public suffixes, which ships with the package: nothing is downloaded.
    """
    if "." not in host or host.replace(".", "").isdigit():  # without the list, which takes a moment to load
        return host
    found: str | None = get_fld(f"//{host}", fix_protocol=False, fail_silently=True)
    return found or host


class SmtpAddress(Section):
    """Where mail is handed in. `tls`: from the start, by STARTTLS or not at all; never less than asked for."""

    host: str
    port: int
    user: str | None = None
    tls: Literal["tls", "starttls", "none"]


def _smtp(text: Any) -> SmtpAddress:
    parts = _split(text) if isinstance(text, str) else None
    if parts is None or parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("not a mail server; write it like smtp://user@mail.example.org:587 or smtps://…:465")
    if parts.password:
        raise ValueError('holds the password; write password = "env:SMTP_PASSWORD" instead')
    port = parts.port or (465 if parts.scheme == "smtps" else 587 if parts.username else 25)
    starttls: Literal["starttls", "none"] = "starttls" if parts.username or port == 587 else "none"
    user = unquote(parts.username) if parts.username else None
    return SmtpAddress(host=parts.hostname, port=port, user=user, tls="tls" if parts.scheme == "smtps" else starttls)


class ConsoleChannel(Section):
    """Alerts on standard output, for people who watch the service."""

    name: Name
    kind: Literal["console"]


class EmailChannel(Section):
    name: Name
    kind: Literal["email"]
    to: Annotated[tuple[Mailbox, ...], BeforeValidator(_listed), Field(min_length=1)]
    sender: Mailbox = Field(alias="from")
    smtp: Annotated[SmtpAddress, BeforeValidator(_smtp)]
    password: Named | None = None


class WebhookChannel(Section):
    name: Name
    kind: Literal["webhook"]
    url: Address = Field(repr=False)  # it may hold a token
    secret: Named | None = None


class AppriseChannel(Section):
    """Any of the services Apprise knows. The address holds tokens, so it is a secret. Needs the extra `apprise`."""

    name: Name
    kind: Literal["apprise"]
    url: Named


class CommandChannel(Section):
    """A program of the user's own: started for each message, which it gets as JSON on its standard input."""

    name: Name
    kind: Literal["command"]
    command: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_listed), Field(min_length=1)]
    timeout: Duration = timedelta(seconds=30)


Channel = Annotated[
    ConsoleChannel | EmailChannel | WebhookChannel | AppriseChannel | CommandChannel, Field(discriminator="kind")
]


class AlertRule(Section):
    """Which changes go to which channels. Empty lists match everything; a change may match several rules."""

    name: Name
    brands: tuple[str, ...] = ()
    kinds: tuple[Literal["market_count", "new_markets", "market_entry", "model_announcement"], ...] = ()
    changes: tuple[ChangeKind, ...] = ()
    markets: tuple[Annotated[str, Field(pattern=r"^([A-Z]{2}|region:.+)$")], ...] = ()
    models: tuple[str, ...] = ()
    stages: tuple[
        Literal["teased", "confirmed", "unveiled", "orders_open", "launched", "deliveries", "discontinued"], ...
    ] = ()
    languages: tuple[Annotated[str, Field(pattern=r"^[a-z]{2}$")], ...] = ()
    sources: tuple[str, ...] = ()
    authorities: tuple[Authority, ...] = ()
    independent: Annotated[int, Field(ge=0)] = 0
    """How many independent sources a change needs at least."""
    step: Annotated[int, Field(ge=0)] = 0
    """By how much a count has to move at least; says nothing of other changes."""
    channels: tuple[str, ...] = Field(min_length=1)
    group: Pause | None = None
    """How long a message waits for more changes of the same brand; None: as is usual for the channel."""
    digest: Cron | None = None
    quiet: Annotated[tuple[time, time], BeforeValidator(_quiet)] | None = None


class SummarySettings(Section):
    """A message at set times that says that the monitor is still watching, and what it has done."""

    when: Cron = "0 8 * * mon"
    channels: tuple[str, ...] = Field(min_length=1)


def hint(wrong: str, known: Sequence[str]) -> str:
    """The end of a message about a name that is not known: what was meant, or what there is."""
    close = difflib.get_close_matches(wrong, known, n=1, cutoff=0.6)
    if close:
        return f'; did you mean "{close[0]}"?'
    return f"; known: {', '.join(known)}" if known else "; none is defined"


class Settings(Section):
    """The whole config. `database` is absolute; `path` is the file it came from."""

    path: Path
    database: Path = Path("monitor.db")
    timezone: Annotated[ZoneInfo, BeforeValidator(_zone)] = ZoneInfo("UTC")
    keep_pages: Duration = timedelta(days=365)
    """How long the raw pages are kept, so that they can be read again; documents and facts stay for good."""
    keep_checks: Duration = timedelta(days=90)
    revisit: Annotated[tuple[Duration, ...], BeforeValidator(_listed), AfterValidator(_slowing)] = (
        timedelta(hours=1),
        timedelta(hours=6),
        timedelta(days=1),
        timedelta(days=3),
        timedelta(days=7),
    )
    """How long after its first reading an article is visited again, so that corrections are noticed; empty: never."""
    workers: Annotated[int, Field(ge=1, le=10_000)] = 1_500
    """How many sources are checked at once, at the most. A check that waits for a server costs a socket and some
    kilobytes; with a low number servers that hang hold up the others."""
    http: HttpSettings = HttpSettings()
    source_settings: tuple[SourceSettings, ...] = Field(default=(), alias="sources")
    channels: tuple[Channel, ...] = ()
    alerts: tuple[AlertRule, ...] = ()
    language: Literal["en", "de"] = "en"
    """The language of messages."""
    templates: Path | None = None
    """A folder with templates of messages that take the place of those that ship."""
    heartbeat: Named | None = None
    """An address that is asked (GET) as long as the service keeps up: whoever waits for that notices when it does not.
    Knowing it is enough to pretend, so that it is a secret."""
    summary: SummarySettings | None = None

    @model_validator(mode="after")
    def _names_are_unique_and_known(self) -> Settings:
        for key, named in (("sources", self.source_settings), ("channels", self.channels), ("alerts", self.alerts)):
            seen: set[str] = set()
            for entry in named:
                if entry.name in seen:
                    raise ValueError(f'[[{key}]] name "{entry.name}" is there twice; names are unique')
                seen.add(entry.name)
        if self.http.proxy and (rendered := [source.name for source in self.source_settings if source.render]):
            raise ValueError(f'[[sources]] "{rendered[0]}": render does not go through the proxy of [http]; keep one')
        known = {
            "channel": [channel.name for channel in self.channels],
            "source": [source.name for source in self.source_settings],
        }
        if self.summary:
            for wanted in self.summary.channels:
                if wanted not in known["channel"]:
                    meant = hint(wanted, known["channel"])
                    raise ValueError(f'[summary]: channels: there is no channel "{wanted}"{meant}')
        for rule in self.alerts:
            for what, names in (("channel", rule.channels), ("source", rule.sources)):
                for wanted in names:
                    if wanted not in known[what]:
                        meant = hint(wanted, known[what])
                        raise ValueError(f'[[alerts]] "{rule.name}": {what}s: there is no {what} "{wanted}"{meant}')
        return self

    @cached_property
    def sources(self) -> tuple[Source, ...]:  # made once: the scheduler asks every second, of thousands perhaps
        return tuple(entry.as_source() for entry in self.source_settings)

    def secrets(self) -> tuple[Secret, ...]:
        """Every secret that the config names, so that a service can ask for all of them at its start."""
        owners: list[Section] = [self, self.http, *self.channels]
        values = (getattr(owner, name) for owner in owners for name in type(owner).model_fields)
        return tuple(value for value in values if isinstance(value, Secret))
