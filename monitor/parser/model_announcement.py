"""A brand shows, confirms, launches or ends a model: the kind `model_announcement`.

    scene ─► names.find (models, by how they are written) ─► stages.steps (what each sentence says of them)
          ─► one account a model ─► the most advanced step, with date, markets and description ─► Finding

A model that is only named (compared, reviewed, counted) has no step and makes no fact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from monitor.models import Fact, When
from monitor.parser import details, names
from monitor.parser.designations import ALONE, BRANDED, CODED, GUESS, Habits, Mention, habits, is_code
from monitor.parser.following import LOOK_BACK, followed, named_late, still_waiting
from monitor.parser.lexicon import Cue
from monitor.parser.scene import Finding, Scene
from monitor.parser.stages import Dropped, Step, is_background, is_old, steps
from monitor.parser.territories import english_name
from monitor.parser.timing import is_past, planned
from monitor.parser.wording import Stage, Wording, clause, meaning

SURE = 9
"""The weight of a step that makes a model of a name which nothing else vouches for."""
ENTRY = ("market_entry.enter", "market_entry.come")
"""Words for a brand that comes to a country: what it costs there is then on sale."""
LADDER: tuple[Stage, ...] = ("teased", "confirmed", "unveiled", "orders_open", "launched", "deliveries")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnnouncement(Fact):
    """`model` is the name without the brand, as the brand writes it; `markets` are those named for this step."""

    kind: ClassVar[str] = "model_announcement"

    model: str
    stage: Stage
    markets: tuple[str, ...] = ()
    segment: str | None = None
    platform: str | None = None

    @property
    def subject(self) -> str:
        return self.model

    @property
    def value(self) -> str:
        return self.stage

    def lags(self, other: Fact) -> bool:
        assert isinstance(other, ModelAnnouncement)
        if "discontinued" in (self.stage, other.stage):
            return False
        return LADDER.index(self.stage) < LADDER.index(other.stage)

    def advances(self, other: Fact) -> bool:
        assert isinstance(other, ModelAnnouncement)
        return self.stage == "discontinued" or other.lags(self)

    def headline(self, before: Fact | None) -> str:
        step = f"{before.value} → {self.stage}" if before and before.value != self.stage else self.stage
        places = ", ".join(map(english_name, self.markets))
        details = "; ".join(part for part in (self.segment, places, self.when) if part)
        return f"{self.brand} {self.model}: {step.replace('_', ' ')}" + (f" ({details})" if details else "")


@dataclass(slots=True)
class Account:
    """All that a document says of one model. A line without a mention speaks of it as "it"."""

    name: str
    brand: str
    trust: int = 0
    denied: bool = False
    platform: str | None = None
    steps: list[Step] = field(default_factory=list)
    lines: list[tuple[Wording, Mention | None, Sequence[Mention]]] = field(default_factory=list)


class _Ledger:
    """The accounts of a document's models, and what was dropped, with the reason."""

    def __init__(self, scene: Scene) -> None:
        self.brand = scene.brand or ""
        self.accounts: dict[tuple[str, str], Account] = {}
        self.findings: list[Finding] = []

    def account(self, mention: Mention) -> Account:
        brand = mention.brand or self.brand
        account = self.accounts.setdefault((brand, mention.name), Account(mention.name, brand))
        account.trust = max(account.trust, mention.trust)
        return account

    def has(self, mention: Mention) -> bool:
        """Whether there is an account of a model: one that is told as another name of the model before has none."""
        return (mention.brand or self.brand, mention.name) in self.accounts

    def enter(self, told: Step | Dropped) -> None:
        if isinstance(told, Step):
            self.account(told.mention).steps.append(told)
            return
        self.drop(told.line, told.cue, told.why)
        if told.mention and told.denied:
            self.account(told.mention).denied = True

    def drop(self, line: Wording, cue: Cue, why: str) -> None:
        self.findings.append(Finding(line.line, ModelAnnouncement.kind, (cue.role,), None, why))


@dataclass(frozen=True, slots=True)
class Survey:
    """What a document says of each model that it names, and what was dropped at once, with the reason."""

    lines: tuple[Wording, ...]
    title: Wording
    titled: Sequence[Mention]
    """The models that the title names."""
    accounts: tuple[Account, ...]
    dropped: tuple[Finding, ...]


def propose(scene: Scene, told: Survey) -> tuple[Finding, ...]:
    """The models that a document announces; and what was dropped, with the reason."""
    if told.title.of("veto_title"):
        return told.dropped
    judged = [finding for account in told.accounts for finding in _judged(account, scene, told.lines, told.title)]
    return (*told.dropped, *judged)


def survey(scene: Scene) -> Survey:
    """Every model that a document names, with the sentences about it and the steps that they tell of it. Names that
    are merely guessed to be models have no steps."""
    ways = habits(scene.words)
    title = Wording(scene.title)
    lines = tuple(Wording(line, ways.definite, ways.after) for line in scene.lines)
    every = names.find(scene, title, lines)
    mentions = names.trusted(every)
    ledger = _Ledger(scene)
    waiting: tuple[Wording, ...] = ()
    for line, found, focus in followed(scene, lines, mentions):
        for mention in found or focus:
            ledger.account(mention).lines.append((line, mention if found else None, found))
        if waiting and len(found) == 1:
            ledger.account(found[0]).lines += [(earlier, None, ()) for earlier in waiting]
        for told in (*steps(line, found, focus, scene.document.published), *named_late(line, found, waiting, scene)):
            ledger.enter(told)
        waiting = still_waiting(line, found, focus, waiting)
    _add_title(scene, title, mentions[-1], ledger)
    for line in lines:
        for mention in every[line.start]:
            if mention.trust == GUESS or not ledger.has(mention):
                ledger.account(mention).lines.append((line, mention, every[line.start]))
    _add_platforms(lines, ledger.accounts.values(), ways)
    dropped = ledger.findings
    if vetoed := title.of("veto_title"):
        dropped = [_about_else(line, mentions[line.start], vetoed[0]) for line in lines if mentions[line.start]]
    return Survey(lines, title, every[-1], tuple(ledger.accounts.values()), tuple(dropped))


def _add_platforms(lines: Sequence[Wording], accounts: Collection[Account], ways: Habits) -> None:
    """What models stand on: said of those named before it in the sentence, else in the sentences before. A platform's
    own name may look like a model's; what is only guessed to be a model keeps nobody else from being meant."""
    for group in ([one for one in accounts if one.trust > GUESS], [one for one in accounts if one.trust == GUESS]):
        named: dict[int, list[tuple[int, Account]]] = {}
        for account in group:
            for line, mention, _ in account.lines:
                if mention:
                    named.setdefault(line.start, []).append((mention.start, account))
        last: list[Account] = []
        for line in lines:
            name, start = details.platform(line, ways) or ("", line.end)
            here = [(at, account) for at, account in named.get(line.start, ()) if account.name not in name]
            before = [account for at, account in here if at < start]
            for account in before or last if name else ():
                account.platform = account.platform or name
            last = [account for _, account in here] or last


def _about_else(line: Wording, found: Sequence[Mention], cue: Cue) -> Finding:
    why = f"{found[0].name}: the document is about something else: {cue.text}"
    return Finding(line.line, ModelAnnouncement.kind, (cue.role,), None, why)


def _add_title(scene: Scene, title: Wording, found: Sequence[Mention], ledger: _Ledger) -> None:
    """What only the title says of a model is told by the first sentence that names it."""
    for step in steps(title, found, (), scene.document.published):
        if isinstance(step, Dropped):
            continue
        account = ledger.account(step.mention)
        sure = step.mention.trust == BRANDED or any(is_code(word) for word in account.name.split())
        silent = not account.steps or (step.when and all(told.stage == "teased" for told in account.steps))
        if account.lines and silent and not account.denied and sure:
            line, mention, _ = account.lines[0]
            account.steps.append(replace(step, mention=mention or step.mention, line=line))


def _judged(account: Account, scene: Scene, lines: Sequence[Wording], title: Wording) -> Iterator[Finding]:
    """The facts of one model; or the reason why there is none."""
    if not account.steps:
        return
    first = account.steps[0]
    why = _doubt(account, scene)
    if why:
        yield Finding(
            first.line.line, ModelAnnouncement.kind, (first.cue.role,), None, f"{account.name} {why}", account.name
        )
        return
    told = _news(
        [_in_context(s, lines, scene.document.published) for s in account.steps if _is_news(s, account.steps, lines)],
        scene.document.published,
    )
    if not told:
        yield Finding(
            first.line.line,
            ModelAnnouncement.kind,
            (first.cue.role,),
            None,
            f"{account.name}: months ago",
            account.name,
        )
        return
    ends = [step for step in told if step.stage == "discontinued"]
    ways = [step for step in told if step.stage != "discontinued"]
    if ends and ways and set(_markets(ends, lines, title)) <= set(_markets(ways, lines, title)):
        ways = []
    for part in (ways, ends):
        if part:
            yield make(account, part, lines, title)


def _doubt(account: Account, scene: Scene) -> str | None:
    if not account.brand:
        return "is of no known brand"
    if account.brand != scene.brand and (
        account.trust < CODED or not any(_named_there(account, s) for s in account.steps)
    ):
        return f"is of another brand: {account.brand}"
    if account.trust <= ALONE and not any(step.weight >= SURE for step in account.steps):
        return "may be no model"
    return None


def _in_context(step: Step, lines: Sequence[Wording], published: When | None) -> Step:
    """ "It starts with the X": whether that is still to come, and when, is told by the sentences before."""
    if meaning(step.cue) not in ("lineup", "price") or step.stage not in ("launched", "confirmed") or step.when:
        return step
    at = next(place for place, line in enumerate(lines) if line is step.line)
    before = lines[max(0, at - LOOK_BACK) : at]
    if step.stage == "launched" and not any(planned(line, published) for line in before):
        return step
    dated = [
        moment.ahead for line in reversed(before) for moment in line.moments if not is_past(moment.ahead, published)
    ]
    return replace(step, stage="confirmed", when=next(iter(dated), None))


def _is_news(step: Step, told: Sequence[Step], lines: Sequence[Wording]) -> bool:
    """Whether a step is more than a price; a price tells of a launch if the brand has just been said to come."""
    if meaning(step.cue) != "price":
        return True
    if any(meaning(other.cue) != "price" for other in told):
        return False
    at = next(place for place, line in enumerate(lines) if line is step.line)
    return any(line.line.has(*ENTRY) for line in lines[max(0, at - LOOK_BACK) : at + 1])


def _news(told: list[Step], published: When | None) -> list[Step]:
    """Without the steps that are weeks old, if there are others: they are told as background."""
    fresh = [step for step in told if not is_old(step, told, published)]
    return fresh or [step for step in told if not is_background(step, published)]


def _named_there(account: Account, step: Step) -> bool:
    """Whether the sentence of a step names the model's brand."""
    return any(name.brand == account.brand for name in step.source.names)


def _best(told: list[Step]) -> list[Step]:
    """The steps of the most advanced stage."""
    rank = {stage: place for place, stage in enumerate((*LADDER, "discontinued"))}
    top = max(rank[step.stage] for step in told)
    return [step for step in told if rank[step.stage] == top]


def make(account: Account, told: list[Step], lines: Sequence[Wording], title: Wording) -> Finding:
    """The fact that the most advanced of some steps of a model makes, with all that the text says of the model
    but its date."""
    markets = _markets(_best(told), lines, title) or _markets(told, lines, title)
    best = _best(told)
    stage = best[0].stage
    line = max(best, key=lambda step: (step.line.line.sentence.kind != "heading", step.when is not None)).line
    fact = ModelAnnouncement(
        brand=account.brand,
        model=account.name,
        stage=stage,
        markets=markets,
        segment=_segment(account),
        platform=account.platform,
        hedged=all(step.hedged for step in best),
        evidence=line.text,
        start=line.start,
        end=line.end,
    )
    roles = tuple(step.cue.role for step in best)
    return Finding(line.line, ModelAnnouncement.kind, roles, fact, f"{stage}: {best[0].cue.text}", account.name)


def _markets(told: list[Step], lines: Sequence[Wording], title: Wording) -> tuple[str, ...]:
    """The places of the step: in its sentence, else the last named before it, else the title's."""
    found: dict[str, None] = {}
    for step in told:
        found |= dict.fromkeys(details.markets(step.source, *clause(step.source, step.cue.start)))
    if found or any(step.stage in ("teased", "unveiled") for step in told):
        return tuple(found)
    at = next(place for place, line in enumerate(lines) if line is told[0].line)
    before = (*reversed(lines[max(0, at - LOOK_BACK) : at]), title)
    known = [places for line in before if (places := details.markets(line, line.start, line.end))]
    countries = [places for places in known if not all(place.startswith("region:") for place in places)]
    return next(iter(countries or known), ())


def _segment(account: Account) -> str | None:
    """The best description in the sentences about the model; of equals, the first."""
    found = [about for line in account.lines if (about := details.segment(*line))]
    best = min(found, key=lambda about: (about.vague, about.distance, about.brevity), default=None)
    return best.text if best else None
