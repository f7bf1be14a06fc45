"""The settings as values: what the config may hold, section by section, each frozen and checked.

Secrets are named, never written: `env:NAME` or `file:PATH`; their value is fetched when it is needed and shows in no
`repr`, log or error. Reading the file and telling its mistakes is `monitor.config`'s.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import time, timedelta
from functools import cached_property, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
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
    Strict,
    ValidationInfo,
    model_validator,
)
from tld import get_fld

from monitor import cron
from monitor.addresses import wire_name
from monitor.errors import ConfigError
from monitor.models import Access, Authority, ChangeKind, Source, SourceKind
from monitor.secret import COOKIE_VALUE, HEADER_VALUE, Given, Secret, SigningKey

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SIZES = {"B": 1, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}


LONGEST = timedelta(days=36_500)
"""Of any duration: far beyond any use, and a moment so long ago or ahead can still be told."""


def _duration(text: Any) -> timedelta:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd])\s*", text) if isinstance(text, str) else None
    if not match:
        raise ValueError('not a duration; write it like "90s", "15m", "1h" or "2d"')
    seconds = float(match[1]) * UNITS[match[2]]
    if seconds > LONGEST.total_seconds():
        raise ValueError(f'is too long; at most 100 years, "{LONGEST.days}d"')
    return timedelta(seconds=seconds)


def _size(text: Any) -> int:
    match = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,12})?)\s*([KMG]?B)\s*", text) if isinstance(text, str) else None
    if not match:
        raise ValueError('not a size; write it like "500KB" or "10MB"')
    return int(float(match[1]) * SIZES[match[2]])


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return value


def _secret(text: Any, info: ValidationInfo, kind: type[Secret] = Secret) -> Secret:
    if not isinstance(text, str) or not re.fullmatch(r"(env|file):\S+", text):
        raise ValueError('a secret is named, not written here: "env:NAME" or "file:PATH"')
    return kind(text, (info.context or {}).get("folder", Path()))


def _signing_key(text: Any, info: ValidationInfo) -> Secret:
    return _secret(text, info, SigningKey)


def _named_or_given(text: Any, info: ValidationInfo) -> Secret:
    if not isinstance(text, str):
        raise ValueError('must be a text in quotes, or the name of a secret: "env:NAME" or "file:PATH"')  # noqa: TRY004  # pydantic's
    return _secret(text, info) if text.startswith(("env:", "file:")) else Given(text)


def _sent(name: re.Pattern[str], value: re.Pattern[str], form: str) -> Callable[[Any, ValidationInfo], Any]:
    """Reads a table of names and what is sent under each. Its mistakes name no value: that may be a secret."""

    def read(table: Any, info: ValidationInfo) -> dict[str, Secret]:
        if not isinstance(table, Mapping):
            raise ValueError(f"must be a table, as in {form}")  # noqa: TRY004  # pydantic's
        sent = {str(key): _named_or_given(text, info) for key, text in table.items()}
        for key, secret in sent.items():
            if not name.fullmatch(key):
                raise ValueError(f'"{key[:60]}" is no name that could be sent')
            if isinstance(secret, Given) and not value.fullmatch(secret.reveal()):
                raise ValueError(f'"{key}" has a value that cannot be sent; plain ASCII characters only')
        return sent

    return read


_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OURS = {
    "user-agent": "[http] user_agent says who asks",
    "cookie": "write them under cookies",
    "host": "the address says it",
    "range": "pages are fetched whole",
}
_WIRE = ("accept-encoding", "connection", "content-length", "expect", "keep-alive", "te", "trailer", "upgrade")
_OURS |= dict.fromkeys((*_WIRE, "transfer-encoding"), "it belongs to how pages are transferred")
_OURS |= dict.fromkeys(("if-none-match", "if-modified-since"), "what has changed is asked for anyway")


def _no_header_of_ours(headers: dict[str, Secret]) -> dict[str, Secret]:
    for name in headers:
        if why := _OURS.get(name.lower()) or (name.lower().startswith("proxy-") and "a login stands in proxy"):
            raise ValueError(f'"{name}" is not set here: {why}')
    if len({name.lower() for name in headers}) < len(headers):
        raise ValueError("names one header twice")
    return headers


_USUAL_ADDRESS = re.compile(r"https?://[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*(?::[1-5]?\d{1,4})?(?:[/?#][!-~]*)?")


def _web_address(text: str) -> str:
    if _USUAL_ADDRESS.fullmatch(text):  # in a fifth of the time that looking closely takes
        return text
    parts = _split(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not a web address; it starts with https:// or http:// and names a host")
    if parts.username or parts.password:
        raise ValueError("holds a user or password; addresses are shown in logs and alerts")
    try:
        wire_name(parts.hostname)
    except ValueError:
        raise ValueError(f'there can be no host "{parts.hostname[:60]}"; write it as a browser shows it') from None
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
Flag = Annotated[bool, Strict()]
Number = Annotated[int, Strict()]
"""Strict: else "no" would be false, and true would be 1."""
Named = Annotated[Secret, BeforeValidator(_secret)]
NamedKey = Annotated[SigningKey, BeforeValidator(_signing_key)]
Headers = Annotated[
    dict[str, Secret],
    BeforeValidator(_sent(_TOKEN, HEADER_VALUE, '{ "X-Key" = "env:KEY" }')),
    AfterValidator(_no_header_of_ours),
]
Cookies = Annotated[dict[str, Secret], BeforeValidator(_sent(_TOKEN, COOKIE_VALUE, '{ session = "env:SESSION" }'))]
NamedOrGiven = Annotated[Secret, BeforeValidator(_named_or_given)]
Address = Annotated[str, AfterValidator(_web_address)]
Cron = Annotated[str, AfterValidator(_cron)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Mailbox = Annotated[str, AfterValidator(_mailbox)]


def _dask_scheduler(text: str) -> str:
    parts = _split(text)
    if parts.scheme not in ("tls", "tcp") or not parts.hostname or parts.port is None:
        raise ValueError('not a Dask scheduler; write it like "tls://scheduler.example:8786" or "tcp://…"')
    return text


class Section(BaseModel):
    """A table of the config: frozen, and unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True)


class HttpSettings(Section):
    """How pages are fetched."""

    user_agent: str = Field(default="brand-monitor/0.1 (news monitor)", min_length=1, pattern=r"^[\x20-\x7e]+$")
    """Says to every site who runs this monitor and how to reach them."""
    deadline: Duration = timedelta(seconds=30)
    """For a whole fetch, by the clock on the wall, redirects included."""
    max_body: Size = 10_000_000
    """What a page may hold at most, after decompression."""
    per_host_delay: Pause = timedelta(seconds=1)
    """Between two requests to one host."""
    respect_robots: Flag = True
    """Whether robots.txt is obeyed."""
    allow_private_networks: tuple[Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)], ...] = ()
    """Private addresses that may be asked, as in `["127.0.0.0/8"]`; all others are refused wherever they come from."""
    proxy: Named | None = None
    """The address of an HTTP proxy for pages and webhooks. Nothing is read from the environment unasked."""
    ca_file: Path | None = None
    """A private certificate authority to trust besides the known ones."""


class EngineSettings(Section):
    """Where sources are observed and stored pages read: on this machine, or on the workers of a Dask cluster."""

    kind: Literal["local", "dask"] = "local"
    """This machine, or a Dask cluster (the extra `cluster`)."""
    processes: Annotated[Number, Field(ge=1, le=1_000)] | None = None
    """How many child processes of this machine read stored pages; one for each processor when left out."""
    scheduler: Annotated[str, AfterValidator(_dask_scheduler)] | None = None
    """The address of the cluster's scheduler, as in "tls://host:8786"."""
    ca_file: Path | None = None
    """For tls://: who vouches for the scheduler and the workers (PEM)."""
    cert_file: Path | None = None
    """For tls://: what this machine shows them (PEM)."""
    key_file: Path | None = None
    """The key of that certificate (PEM)."""

    @model_validator(mode="after")
    def _belongs_together(self) -> EngineSettings:
        files = {name: getattr(self, name) for name in ("ca_file", "cert_file", "key_file")}
        given = [name for name, path in files.items() if path]
        if self.kind == "local" and (self.scheduler or given):
            raise ValueError('scheduler and its files go with kind = "dask"')
        if self.kind == "dask" and self.processes:
            raise ValueError('processes goes with kind = "local"; each worker of a cluster reads in one')
        if self.kind == "dask" and self.scheduler is None:
            raise ValueError('scheduler: is missing; kind = "dask" needs it, as in "tls://host:8786"')
        if self.scheduler and self.scheduler.startswith("tls://") and len(given) < len(files):
            missing = next(name for name, path in files.items() if not path)
            raise ValueError(f"{missing}: is missing; tls:// needs ca_file, cert_file and key_file")
        if self.scheduler and self.scheduler.startswith("tcp://") and given:
            raise ValueError(f"{given[0]}: goes with a scheduler at tls://, not tcp://")
        return self


class SourceSettings(Section):
    """Where news is looked for."""

    name: Name
    """Unique; what the source is called in lists, logs and messages."""
    brand: Name | None = None
    """Whose newsroom it is; without it the text decides which brand it speaks of."""
    kind: SourceKind
    """What is at the address."""
    url: Address
    """The address; of a feed, the newsroom's own will do."""
    every: Duration | None = None
    """From the end of a check to the next, give or take a tenth; an hour when neither this nor `cron` is set."""
    cron: Cron | None = None
    """Instead of `every`: at set times, in `timezone`."""
    authority: Authority = Authority.MEDIA
    """Whose word it is: the brand's own, a news agency's, a publisher's, or paid for."""
    outlet: Name | None = None
    """Who speaks: sources of one outlet count once. The domain of the address when left out."""
    links: Annotated[str, AfterValidator(lambda text: _selector(text))] | None = None
    """Of a listing: a CSS selector for its links to articles; found by itself when left out."""
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] | None = None
    """The language of its texts, as in "de"; found out page by page when left out."""
    render: Flag = False
    """Whether its pages are read in a browser, which runs their scripts. Needs Chromium and the extra `browser`."""
    headers: Headers = Field(default_factory=dict, repr=False)
    """Sent with every request to the source's own origin."""
    cookies: Cookies = Field(default_factory=dict, repr=False)
    """Sent likewise."""
    auth: NamedOrGiven | None = None
    """The user of its login (HTTP basic); goes with `password`."""
    password: Named | None = None
    """The password of its login."""
    proxy: Named | None = None
    """In the place of the proxy of [http], as far as this source's own origin goes."""
    alert_on_first: Flag = False
    """Whether what the first check finds is news; else it is the baseline, and nobody is told."""
    enabled: Flag = True
    """Whether it is checked."""

    @model_validator(mode="after")
    def _belongs_together(self) -> SourceSettings:
        if bool(self.auth) != bool(self.password):
            raise ValueError('auth and password go together: auth = "user", password = "env:NAME"')
        if self.auth and any(name.lower() == "authorization" for name in self.headers):
            raise ValueError("has both auth and a header Authorization; keep one")
        if self.render and self.secrets():
            raise ValueError("headers, cookies, auth and proxy do not go with render: a drawn page asks many addresses")
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
            access=self._access() if self.secrets() else None,
            alert_on_first=self.alert_on_first,
            enabled=self.enabled,
        )

    def _access(self) -> Access:
        login = (self.auth, self.password) if self.auth and self.password else None
        return Access(
            headers=tuple(self.headers.items()), cookies=tuple(self.cookies.items()), login=login, proxy=self.proxy
        )

    def secrets(self) -> Mapping[str, Secret]:
        """By its key, all that the source is asked with, and that may be secret."""
        if not (self.headers or self.cookies or self.auth or self.password or self.proxy):
            return {}  # the usual case, asked of each of thousands at the start
        tables = {"headers": self.headers, "cookies": self.cookies}
        sent = {f"{key}: {name}": secret for key, table in tables.items() for name, secret in table.items()}
        return sent | _secrets(self)


def _secrets(section: Section) -> dict[str, Secret]:
    """By its key, every secret that a table of the config names itself."""
    values = {field.alias or name: getattr(section, name) for name, field in type(section).model_fields.items()}
    return {key: value for key, value in values.items() if isinstance(value, Secret)}


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
    """Unique; what rules call it."""
    kind: Literal["console"]
    """Always "console"."""


class EmailChannel(Section):
    """Alerts by mail, one message a recipient."""

    name: Name
    """Unique; what rules call it."""
    kind: Literal["email"]
    """Always "email"."""
    to: Annotated[tuple[Mailbox, ...], BeforeValidator(_listed), Field(min_length=1)]
    """Who gets it."""
    sender: Mailbox = Field(alias="from")
    """Who it comes from."""
    smtp: Annotated[SmtpAddress, BeforeValidator(_smtp)]
    """Where it is handed in: `smtp://user@host:587` with STARTTLS, `smtps://` with TLS from the start."""
    password: Named | None = None
    """The password of that user."""


class WebhookChannel(Section):
    """Alerts as JSON to an address, signed as Standard Webhooks."""

    name: Name
    """Unique; what rules call it."""
    kind: Literal["webhook"]
    """Always "webhook"."""
    url: Address = Field(repr=False)  # it may hold a token
    """Where it is posted to."""
    secret: NamedKey | None = None
    """What it is signed with: `whsec_…`. Without one nothing is signed."""


class AppriseChannel(Section):
    """Any of the services Apprise knows. The address holds tokens, so it is a secret. Needs the extra `apprise`."""

    name: Name
    """Unique; what rules call it."""
    kind: Literal["apprise"]
    """Always "apprise"."""
    url: Named
    """The address as Apprise writes it: `slack://…`, `tgram://…`."""


class CommandChannel(Section):
    """A program of the user's own: started for each message, which it gets as JSON on its standard input."""

    name: Name
    """Unique; what rules call it."""
    kind: Literal["command"]
    """Always "command"."""
    command: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_listed), Field(min_length=1)]
    """The program and its arguments; no shell is in between."""
    timeout: Duration = timedelta(seconds=30)
    """How long it may take; then it is killed, and tried again later."""


Channel = Annotated[
    ConsoleChannel | EmailChannel | WebhookChannel | AppriseChannel | CommandChannel, Field(discriminator="kind")
]


class AlertRule(Section):
    """Which changes go to which channels. Without any, every change goes to every channel; from the first on, only
    channels that a rule names are told. Empty lists match everything; a change may match several rules."""

    name: Name
    """Unique; shown in lists of messages."""
    brands: tuple[str, ...] = ()
    """Changes of these brands."""
    kinds: tuple[Literal["market_count", "new_markets", "market_entry", "model_announcement"], ...] = ()
    """Changes of these kinds of fact."""
    changes: tuple[ChangeKind, ...] = ()
    """Changes that are such steps."""
    markets: tuple[Annotated[str, Field(pattern=r"^([A-Z]{2}|region:.+)$")], ...] = ()
    """The market of an entry, the markets of a model, the scope of a count: `DE` or `region:Europe`."""
    models: tuple[str, ...] = ()
    """Models by name, without the brand."""
    stages: tuple[
        Literal["teased", "confirmed", "unveiled", "orders_open", "launched", "deliveries", "discontinued"], ...
    ] = ()
    """How far a model is."""
    languages: tuple[Annotated[str, Field(pattern=r"^[a-z]{2}$")], ...] = ()
    """The language of a source that is cited."""
    sources: tuple[str, ...] = ()
    """A source that is cited, by its name."""
    authorities: tuple[Authority, ...] = ()
    """The authority of a source that is cited."""
    independent: Annotated[Number, Field(ge=0)] = 0
    """How many independent sources a change needs at least."""
    step: Annotated[Number, Field(ge=0)] = 0
    """By how much a count has to move at least; says nothing of other changes."""
    channels: tuple[str, ...] = Field(min_length=1)
    """Where it goes."""
    group: Pause | None = None
    """How long a message waits for more changes of the same brand; left out: as is usual for the channel."""
    digest: Cron | None = None
    """One message at these times instead of one for each change."""
    quiet: Annotated[tuple[time, time], BeforeValidator(_quiet)] | None = None
    """A span of the day, as in "22:00-07:00", in which messages are held; none is dropped."""


class SummarySettings(Section):
    """A message at set times that says that the monitor is still watching, and what it has done."""

    when: Cron = "0 8 * * mon"
    """At which times, in `timezone`."""
    channels: tuple[str, ...] = Field(min_length=1)
    """Where it goes."""


class BackupSettings(Section):
    """Copies of the history at set times, made by the service while it runs."""

    path: Path
    """The folder; made when it is not there. Relative to the config."""
    cron: Cron = "0 3 * * *"
    """When, in `timezone`."""
    keep: Annotated[Number, Field(ge=1)] = 7
    """How many of the newest are kept."""


class LogSettings(Section):
    """How `run` and `check` write their log to standard error."""

    format: Literal["text", "json"] = "text"
    """Lines of text for people, or a JSON object a line for programs."""


PAGE_PORT = 8484


class WebSettings(Section):
    """Where the page is served. Other machines reach it only with a password; it is shown to nobody without."""

    host: str = Field(default="127.0.0.1", pattern=r"^[A-Za-z0-9.:_-]+$")
    """The address to listen on: this machine only, unless a password is set."""
    port: Annotated[Number, Field(ge=0, le=65_535)] = PAGE_PORT
    """The port; 0 is any that is free."""
    password: Named | None = None
    """What everybody is asked for; it is the right to write, too."""
    hosts: Annotated[tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]+$")], ...], BeforeValidator(_listed)] = ()
    """More names by which browsers may call it, as a proxy in front of it is called; without a port."""

    @property
    def local(self) -> bool:
        """Only this machine can reach it."""
        return self.host == "localhost" or _loopback(self.host)

    @model_validator(mode="after")
    def _open_with_a_password_only(self) -> WebSettings:
        if not self.local and self.password is None:
            raise ValueError(
                f'host = "{self.host}" lets other machines in; set password = "env:NAME" or "file:PATH" beside it'
            )
        return self


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


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
    """The file of the history. Relative to the config."""
    timezone: Annotated[ZoneInfo, BeforeValidator(_zone)] = ZoneInfo("UTC")
    """Of the times that people are shown, and of `cron`, `quiet` and the like; stored times are UTC."""
    keep_pages: Duration = timedelta(days=365)
    """How long raw pages are kept, so that they can be read again. Those that a standing fact rests on stay, as do
    documents and facts."""
    keep_checks: Duration = timedelta(days=90)
    """How long the list of checks reaches back; those that brought something stay."""
    revisit: Annotated[tuple[Duration, ...], BeforeValidator(_listed), AfterValidator(_slowing)] = (
        timedelta(hours=1),
        timedelta(hours=6),
        timedelta(days=1),
        timedelta(days=3),
        timedelta(days=7),
    )
    """How long after its first reading an article is visited again, so that corrections are noticed; empty: never."""
    workers: Annotated[Number, Field(ge=1, le=10_000)] = 1_500
    """How many sources are checked at once, at the most. A check that waits for a server costs a socket and some
    kilobytes; with a low number servers that hang hold up the others."""
    http: HttpSettings = HttpSettings()
    """How pages are fetched."""
    engine: EngineSettings = EngineSettings()
    """Where sources are observed and stored pages read."""
    source_settings: tuple[SourceSettings, ...] = Field(default=(), alias="sources")
    """Where news is looked for."""
    channels: tuple[Channel, ...] = ()
    """Whom to tell, and how."""
    alerts: tuple[AlertRule, ...] = ()
    """Which changes go to which channels. Without one, every change goes to every channel; with one or more, a channel
    that none of them names is told of no change."""
    language: Literal["en", "de"] = "en"
    """The language of messages."""
    templates: Path | None = None
    """A folder with templates of messages that take the place of those that ship."""
    heartbeat: Named | None = None
    """An address that is asked (GET) as long as the service keeps up: whoever waits for that notices when it does not.
    Knowing it is enough to pretend, so that it is a secret."""
    summary: SummarySettings | None = None
    """A message at set times that says that the monitor is still watching."""
    backup: BackupSettings | None = None
    """Copies of the history at set times; none without it."""
    log: LogSettings = LogSettings()
    """How the log is written."""
    web: WebSettings = WebSettings()
    """Where the page is served."""

    @model_validator(mode="after")
    def _names_are_unique_and_known(self) -> Settings:
        for key, named in (("sources", self.source_settings), ("channels", self.channels), ("alerts", self.alerts)):
            seen: set[str] = set()
            for entry in named:
                if entry.name in seen:
                    raise ValueError(f'[[{key}]] name "{entry.name}" is there twice; names are unique')
                seen.add(entry.name)
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

    def secrets(self) -> Mapping[str, Secret]:
        """Every secret that the config names, by its place there."""
        owners = {"": self, "[http]: ": self.http, "[web]: ": self.web}
        owners |= {f'[[channels]] "{channel.name}": ': channel for channel in self.channels}
        found = {f"{place}{key}": secret for place, owner in owners.items() for key, secret in _secrets(owner).items()}
        return found | {
            f'[[sources]] "{source.name}": {key}': secret
            for source in self.source_settings
            for key, secret in source.secrets().items()
        }

    def require_secrets(self, table: str = "") -> None:
        """Raises ConfigError, with a line for each secret (of one table, as in "[web]") that is not there or none."""
        missing = []
        for place, secret in self.secrets().items():
            try:
                if place.startswith(table):
                    secret.reveal()
            except ConfigError as error:
                missing.append(f"{self.path}: {place}: {error}")
        if missing:
            raise ConfigError("\n".join(missing))
