"""The values that travel through the program, in travel order.

    Source ─► Page ─► Link / Document ─► Fact ─► Claim ─► State ─► Change ─► Alert

All are frozen and can be pickled, so that the work on them may run in another process. Datetimes are aware and in
UTC. Dates that a text states keep the precision it has: see `When`. Nothing here reads, decides or stores.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Self

from monitor.secret import Secret

When = str
"""A date of the precision that is known: `YYYY`, `YYYY-MM`, `YYYY-MM-DD`, `YYYY-Q1..Q4`, `YYYY-H1|H2`,
`YYYY-early|mid|late`. A published date may also be a full UTC time, `YYYY-MM-DDTHH:MM:SSZ`."""


class SourceKind(StrEnum):
    """How a source is read: three that list articles, two that are the document themselves."""

    FEED = "feed"
    LISTING = "listing"
    SITEMAP = "sitemap"
    PAGE = "page"
    ARTICLE = "article"

    @property
    def lists(self) -> bool:
        """Whether it lists articles; else it is the document itself."""
        return self not in (SourceKind.PAGE, SourceKind.ARTICLE)


class Authority(StrEnum):
    """Who speaks: the brand itself, a news agency, other media, or somebody who was paid."""

    OFFICIAL = "official"
    WIRE = "wire"
    MEDIA = "media"
    SPONSORED = "sponsored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What one source is asked with beyond what all are. For its own origin only; no value of it shows anywhere."""

    headers: tuple[tuple[str, Secret], ...] = ()
    cookies: tuple[tuple[str, Secret], ...] = ()
    login: tuple[Secret, Secret] | None = None
    """User and password."""
    proxy: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A page to check, as configured. Exactly one of `every` and `cron` is set."""

    name: str
    kind: SourceKind
    url: str
    brand: str | None = None
    every: timedelta | None = None
    cron: str | None = None
    authority: Authority = Authority.MEDIA
    outlet: str = ""
    """Who speaks. Claims of one outlet are never independent of each other."""
    links: str | None = None
    """CSS selector of the article links of a listing; None: they are found by themselves."""
    language: str | None = None
    render: bool = False
    """Its pages are drawn by scripts: they are read in a browser."""
    access: Access | None = None
    alert_on_first: bool = False
    enabled: bool = True


class Outcome(StrEnum):
    """What became of a check or of one fetch. `OK` and `UNCHANGED` are good; the others say what was wrong."""

    OK = "ok"
    UNCHANGED = "unchanged"
    TIMEOUT = "timeout"
    DNS = "dns"
    REFUSED = "refused"  # connection refused, reset or unreachable
    TLS = "tls"
    FORBIDDEN_ADDRESS = "forbidden_address"  # the address is private, or no http(s)
    ROBOTS = "robots"
    REDIRECT = "redirect"  # too many, or somewhere we do not follow
    HTTP_ERROR = "http_error"
    GONE = "gone"  # 404
    GONE_FOR_GOOD = "gone_for_good"  # 410
    RATE_LIMITED = "rate_limited"  # 429, or 503 with Retry-After
    TOO_LARGE = "too_large"
    INCOMPLETE = "incomplete"  # shorter than promised, or a broken compressed stream
    SECRET = "secret"  # noqa: S105  # what the source is to be asked with is not there, or cannot be sent
    BROWSER = "browser"  # a page that needs a browser, and that could not be started or broke down
    DECODE_ERROR = "decode_error"
    BAD_FEED = "bad_feed"
    NO_ARTICLES = "no_articles"
    SUSPECT = "suspect"  # a consent wall, soft 404, empty page: no news, and no reason to forget any
    PARSE_ERROR = "parse_error"  # the page broke or stalled the parser
    SKIPPED = "skipped"  # no check was made although it was time for one

    @property
    def good(self) -> bool:
        return self in (Outcome.OK, Outcome.UNCHANGED)


@dataclass(frozen=True, slots=True)
class Validators:
    """What the server gave to ask again cheaply. Used only while the body they belong to is kept."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer of a server, complete and decompressed. `content` is empty when the server said 304, and when it has
    been seen to say what is known already."""

    url: str  # after redirects
    requested_url: str
    status: int
    content: bytes
    content_type: str | None
    fetched_at: datetime
    validators: Validators = Validators()
    moved_to: str | None = None
    """Where the source has moved for good (every redirect was 301 or 308)."""
    packed: bytes | None = None
    """The content as the history keeps it, where whoever read the page has made that already."""

    @property
    def unchanged(self) -> bool:
        return self.status == 304


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An article that a feed, listing or sitemap points to, with what that index says about it."""

    url: str  # canonical: no fragment, no tracking parameters
    title: str | None = None
    published: When | None = None
    updated: str | None = None
    """The index's own mark of this version (a date, as written). A known article with a new mark is read again."""
    text: str | None = None
    """The text that the feed itself carries; read when the article cannot be had."""
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """What one index page says: the articles that it points to, and where more of them are."""

    links: tuple[Link, ...] = ()
    feeds: tuple[str, ...] = ()
    """Where a web page, which came instead of a feed, has its feed: the most promising address first."""
    parts: tuple[Link, ...] = ()
    """The sitemaps that an index of sitemaps holds, the most promising first."""
    older: str | None = None
    """The page on which a listing goes on with older articles."""
    note: str | None = None
    """What is wrong with the page although it was read: it is broken, or more of it was there than is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The readable part of one page. Facts point into `text` by offsets, so `text` is never edited afterwards."""

    url: str
    title: str | None
    published: When | None
    published_from: str | None  # feed, sitemap, listing, json-ld, meta, time, elsewhere, given; None when unknown
    language: str | None  # ISO 639-1
    text: str
    fingerprint: int | None = None
    """Of the text, as in Claim; made for documents that the history is to keep (`monitor.likeness.marked`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(ABC):
    """Something that a document says of a brand, with the words that say it: what believing weighs.

    `text[start:end] == evidence`, always. Not stated is None, never guessed.
    """

    brand: str
    when: When | None = None
    hedged: bool = False
    evidence: str
    start: int
    end: int

    @property
    @abstractmethod
    def value(self) -> str:
        """What is claimed, short: "39", "entered", "confirmed"."""

    def agrees(self, other: Self) -> bool:
        """Whether both can be true of one subject at one time. `other` is of the same kind and subject."""
        return self.value == other.value

    def lags(self, other: Self) -> bool:
        """Whether this is what was so before `other`: old news when `other` is believed."""
        return False

    def refines(self, other: Self) -> bool:
        """Whether this says the same as `other`, and more exactly."""
        return False

    def advances(self, other: Self) -> bool:
        """Whether this is the natural next step after `other`, so that it contradicts nobody."""
        return False

    @abstractmethod
    def headline(self, before: Self | None) -> str:
        """The news in a few words: `smart: 38 → 39 markets`. `before` is what was believed until now."""

    @abstractmethod
    def as_json(self) -> dict[str, Any]:
        """The public JSON form of the fact that it is, or is part of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact(Statement):
    """One claim that one document makes. Each kind is a subclass in a module of its own under `monitor.parser`; it says
    what the claim is about (`subject`), what it says (`value`), and how claims of the kind agree."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def subject(self) -> str:
        """What the claim is about within brand and kind: a scope, a market, a model. One subject, one state."""

    def headline(self, before: Self | None) -> str:
        return f"{self.brand}: {self.subject}: {self.value}"

    def as_json(self) -> dict[str, Any]:
        """Kind, brand, the kind's own fields, then when, hedged, evidence, start, end."""
        common = {f.name for f in fields(Fact)}
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in common}
        own = {name: list(value) if isinstance(value, tuple) else value for name, value in own.items()}
        head = {"kind": self.kind, "brand": self.brand}
        tail = {"when": self.when, "hedged": self.hedged, "evidence": self.evidence, "start": self.start}
        return head | own | tail | {"end": self.end}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What became of one link or of the source's own page: a document with its facts, or the reason for none."""

    link: Link
    outcome: Outcome
    reason: str | None = None
    page: Page | None = None
    document: Document | None = None
    facts: tuple[Fact, ...] = ()
    retry_after: timedelta | None = None
    revisit: bool = False
    """It had been read before and was visited again. Without a document: it says nothing else, or is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisit:
    """A young article to look at again, and what is known of its last body and text (SHA-256, hex)."""

    link: Link
    body_hash: str
    text_hash: str | None = None
    fingerprint: int | None = None
    """Of its last text, as in Claim."""
    validators: Validators | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What `observe` may know of a source's past. Made by the history before each check."""

    first: bool = True
    """No check has succeeded yet: what is found now is the baseline."""
    failures: int = 0
    """Checks that failed in a row, up to the last one."""
    url: str | None = None
    """Where the source has moved to for good, if it has."""
    look_back: bool = False
    """It has moved, and is to be asked at its configured address again: at the first check of a day."""
    validators: Validators | None = None
    body_hash: str | None = None
    """SHA-256 of the source's last good body, hex."""
    known: Mapping[str, str | None] = field(default_factory=dict)
    """Article address -> the index's mark of the version that was read. These are not fetched again unless the
    mark differs, and not before what is new."""
    waiting: tuple[Link, ...] = ()
    """Found earlier and not read yet, due to be tried (again); then known ones that were marked as changed."""
    revisits: tuple[Revisit, ...] = ()
    """Read lately and due to be looked at again: articles are corrected while they are young."""
    usual: int | None = None
    """How many articles its list has held at least, strays left out; None: not known, or it is no list."""
    outline: str | None = None
    """The digest of what could bring news on the source's page when it was last read (`monitor.pages.outline`)."""
    fingerprint: int | None = None
    """Of the last text of a source that is a page or an article, as in Claim."""
    text_hash: str | None = None
    """SHA-256 of that text, hex."""
    pauses: Mapping[str, datetime] = field(default_factory=dict)
    """Hosts that have asked to be left alone (429 and 503 with Retry-After), and until when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """All that one check of one source brought home. Written by `observe`, read by `record`."""

    source: str
    started_at: datetime
    finished_at: datetime
    outcome: Outcome
    reason: str | None = None
    page: Page | None = None
    """The index page of a feed, listing or sitemap; None when unchanged or failed."""
    body_hash: str | None = None
    outline: str | None = None
    """As in Memory; None when the page was not read."""
    links: tuple[Link, ...] = ()
    """Every link that the index holds and the memory does not know, read or not; those not read are tried later."""
    skipped: tuple[Link, ...] = ()
    """More such links, of the first look: older than the watch, never to be read. And known ones whose new marks say
    nothing: they are not read again for them."""
    listed: int | None = None
    """How many articles the index holds, known or not; None: it was not read."""
    readings: tuple[Reading, ...] = ()
    retry_after: timedelta | None = None
    pauses: Mapping[str, datetime] = field(default_factory=dict)
    """As in Memory: those that stand after the check."""
    requests: int = 0
    """How many pages were asked for; redirects and robots.txt are not counted."""

    @property
    def quiet(self) -> bool:
        """Nothing has changed, and nothing else was visited: all there is to lose is that it was seen."""
        return self.outcome is Outcome.UNCHANGED and not self.readings


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Checks that were not made although it was time for them."""

    source: str
    since: datetime
    """When the first of them was due."""
    until: datetime
    runs: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A fact, or one attribute of it, with who said it and when: what reconciling works on."""

    id: int  # the fact's row; grows with the time of recording
    fact: Statement
    document: int
    url: str
    title: str | None
    date: datetime
    """The document's date, else when it was first fetched; orders the claims."""
    published: When | None
    outlet: str
    authority: Authority
    fresh: bool = False
    """Recorded by this very observation."""
    baseline: bool = False
    """Found by the first successful check of its source: known, but no news."""
    closed: bool = False
    """A newer version of the same article says something else about the subject: the source took it back."""
    closed_now: bool = False
    """It was this very observation that closed it."""
    publisher: str = ""
    """Who owns the outlet; empty: nobody is known to but the outlet itself. Publishers count towards independence."""
    fingerprint: int | None = None
    """Of the document's text: 64 bits that texts which are nearly the same share; None for a short text."""
    source: str = ""
    """The name of the source in the config that the document came from."""
    language: str | None = None
    living: bool = False
    """Of a page that is no article: it says what holds on the day on which it is read."""

    def citation(self, standing: Standing | None = None) -> Citation:
        """The claim as people are shown it."""
        return Citation(
            url=self.url,
            title=self.title,
            published=self.published,
            authority=self.authority,
            outlet=self.outlet,
            evidence=self.fact.evidence,
            standing=standing or Standing.INDEPENDENT,
            source=self.source,
            language=self.language,
        )


class Standing(StrEnum):
    """How a claim counts beside others that say the same: of one voice, the first is independent."""

    INDEPENDENT = "independent"
    REPEATED = "repeated"  # its publisher has said so before
    SYNDICATED = "syndicated"  # a copy of another publisher's text
    SPONSORED = "sponsored"  # somebody was paid for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a state is about."""

    brand: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What follows from all claims about one subject. `rivals` are claims that good sources hold against it."""

    subject: Subject
    believed: Claim
    supports: tuple[Claim, ...] = ()
    """The claims that agree, the believed one included, oldest first."""
    rivals: tuple[Claim, ...] = ()
    rule: str = ""
    """Why it is believed, in words."""
    aspect: str | None = None
    """The attribute that it is about, as in `when`; None: the value. Its claims hold that attribute only."""
    standings: Mapping[int, Standing] = field(default_factory=dict)
    """How each support and each rival counts, by the claim's id."""
    aspects: tuple[State, ...] = ()
    """What is believed of each attribute that claims may contradict each other in."""
    course: tuple[Step, ...] = ()
    """How the value, and each attribute, came to be what they are, oldest step first: as all claims have it now."""
    gathered: Mapping[str, Any] | None = None
    """The believed fact in JSON form, with attributes of its supports where it has none; None: as it is."""
    due: datetime | None = None
    """When a plan is over its date; None: no plan, or none with a date."""

    @property
    def disputed(self) -> bool:
        return bool(self.rivals)


class ChangeKind(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    CORRECTED = "corrected"
    DISPUTED = "disputed"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One source of a change, as people are shown it."""

    url: str
    title: str | None
    published: When | None
    authority: Authority
    outlet: str
    evidence: str
    standing: Standing = Standing.INDEPENDENT
    source: str = ""
    language: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a subject's course: since when which value holds, by the dates of texts and what they say.

    Unlike a change it says nothing of when the monitor knew, and late finds have their place in it.
    """

    since: datetime
    change: ChangeKind
    aspect: str | None
    before: str | None
    after: str
    """The values; in a dispute what is believed and what is held against it."""
    value: str
    """What is believed from then on."""
    disputed: bool
    text: str
    rule: str
    fact: int
    """The believed claim's fact."""
    cited: tuple[int, ...]
    """The facts that decided it, the one that brought it first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A change that was recorded lately, by its values: what flapping is told by."""

    detected_at: datetime
    aspect: str | None
    before: str | None
    after: str | None
    change: ChangeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step in what the history believes about one subject. `before` and `after` are facts in JSON form.

    For a dispute, `before` is what is believed and `after` what is held against it.
    """

    id: str
    detected_at: datetime
    brand: str
    kind: str
    change: ChangeKind
    subject: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    text: str
    rule: str
    """Why this is a change, in words: what `why` prints."""
    sources: tuple[Citation, ...] = ()
    silence: str | None = None
    """Why nobody is told (a baseline, flapping, a plan that has come about), or None."""
    aspect: str | None = None
    """The attribute that moved, as in `when`; None: the value itself."""
    before_value: str | None = None
    """What moved, short, as `before` has it; None: as the fact's own `value`."""
    after_value: str | None = None
    plan: int | None = None
    """The fact that planned what has now come about; None: no plan was known."""
    independent: int = 1
    syndicated: int = 0
    sponsored: int = 0
    """How many of all claims for it count for themselves, are copies of a text, were paid for."""

    def as_json(self) -> dict[str, Any]:
        """The public JSON form: the webhook's body without its envelope."""
        return {
            "id": self.id,
            "detected_at": utc_text(self.detected_at),
            "brand": self.brand,
            "kind": self.kind,
            "change": str(self.change),
            "subject": self.subject,
            "before": self.before,
            "after": self.after,
            "text": self.text,
            "sources": [citation.as_json() for citation in self.sources],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Somebody wants to hear nothing for a while. What is None is silenced whatever it is."""

    id: int
    until: datetime
    brand: str | None = None
    kind: str | None = None
    channel: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message about the monitor itself: a channel or a source in trouble, the weekly summary."""

    type: str
    """`channel`, `source` or `summary`: what machines tell it by."""
    subject: str
    lines: tuple[str, ...] = ()
    sources: tuple[Mapping[str, Any], ...] = ()
    """The sources that it tells of, for machines: the first is the subject's, the others were gathered with it."""

    def gathered(self, other: Notice) -> Notice:
        """This one, telling of the other too."""
        lines = (*self.lines, other.subject)
        return replace(self, lines=lines, sources=(*self.sources, *other.sources))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One message to one recipient through one channel: a row of the outbox.

    `not_before` holds it back (a digest, quiet hours, a retry); `id` stays the same over all attempts and is what
    recipients tell repeats by.
    """

    id: str
    channel: str
    recipient: str
    rule: str
    digest: bool
    changes: tuple[str, ...]
    not_before: datetime
    attempts: int = 0
    gathers: str | None = None
    """Alerts to one recipient that gather under the same key, until the first attempt, are one message."""
    silenced: str | None = None
    """Why it is not sent, or None: somebody asked for silence."""
    notice: Notice | None = None
    """What it tells instead of changes."""
    tried_since: datetime | None = None
    """When it was first taken up to be sent; None: not yet."""
    unanswered: bool = False
    """Whether an attempt was not answered: the other side may have it."""


class Answer(StrEnum):
    """What became of one attempt to deliver."""

    SENT = "sent"
    UNANSWERED = "unanswered"  # all of it went out, then nothing came back: it may have been taken
    RETRY = "retry"
    FAILED = "failed"  # final: the other side will never take it


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One attempt to deliver an alert, and what the other side answered."""

    answer: Answer
    detail: str
    retry_after: timedelta | None = None
    gone: bool = False
    """The other side wants no more messages at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a channel is. As it stands here: it works."""

    failures: int = 0
    """Attempts in a row that failed because of the channel, not because of a message."""
    failing_since: datetime | None = None
    resting_until: datetime | None = None
    """Nothing is tried before."""
    disabled_at: datetime | None = None
    """When the other side said that it wants no more messages."""
    reason: str | None = None
    told: bool = False
    """The other channels have been told that it is in trouble."""


def utc_text(moment: datetime) -> str:
    """A UTC moment as stored and published: `2026-01-05T09:00:12Z`. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {moment!r}")
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
