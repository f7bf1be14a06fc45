"""Which models a document announces, and how far each has come: every name that may be a model's is weighed.

scene ─► names and what is told of each (`model_announcement.survey`) ─► described by `features`, with what the
      rules propose ─► the classifier's shares ─► one fact a model, where news of it is likelier than `LIKELY`
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import islice
from typing import cast

from monitor.parser.dating import Spot
from monitor.parser.designations import Mention
from monitor.parser.features import DISTANCES, Candidate, Candidates, Describer
from monitor.parser.lexicon import Cue
from monitor.parser.model_announcement import Account, ModelAnnouncement, Survey, make, propose, survey
from monitor.parser.scene import Finding, Scene
from monitor.parser.stages import Step
from monitor.parser.weighing import Weighed, weighed
from monitor.parser.wording import ROLES, Stage, Wording

LIKELY, AGREED = 0.65, 0.3
"""How likely news of a model must be to be told, all stages together; and where the rules propose news of it, as they
do of plain statements."""
STAGES: tuple[Stage, ...] = (
    "teased", "confirmed", "unveiled", "orders_open", "launched", "deliveries", "discontinued",
)  # fmt: skip
NONE = "none"
LABELS = (*STAGES, NONE)
MENTIONS = 4
"""How many mentions of a name are described."""
_ROLE_OF = {stage: key for key, stage in reversed(ROLES.items())}


def read(described: Describer, found: Candidates, *, reasons: bool = False) -> tuple[Finding, ...]:
    """Every name that may be a model's, kept or dropped with its share; `reasons` tells what spoke for it and
    against."""
    told = cast(Survey, found.aside)
    each = _apart([_own(described.scene, one) for one in weighed(ModelAnnouncement.kind, described, found)])
    judged = [(_judged(told, one.candidate, one.share), one) for one in each]
    return tuple(one.explained(finding) if reasons else finding for finding, one in judged)


def _apart(each: Sequence[Weighed]) -> Iterator[Weighed]:
    """Of names that stand on the same words the likelier: the others are no news. What never stands but in a longer
    name ("e34" in "VF e34") comes after that."""
    stands = [
        [(mention.start, mention.end) for _, mention in _mentions(cast(Account, one.candidate.key))] for one in each
    ]
    longest: dict[int, int] = {}
    for start, end in (span for spans in stands for span in spans):
        for at in range(start, end):
            longest[at] = max(longest.get(at, 0), end - start)
    ranked = sorted(
        zip(each, stands, strict=True),
        key=lambda one: (all(longest[start] > end - start for start, end in one[1]), one[0].share[NONE]),
    )
    taken: set[int] = set()
    for one, spans in ranked:
        told = one
        if _is_news(one.candidate, one.share):
            there = {at for start, end in spans for at in range(start, end)}
            if not taken.isdisjoint(there):
                told = _no_news(one)
            taken |= there
        yield told


def _own(scene: Scene, one: Weighed) -> Weighed:
    """A name that stands only where another brand is spoken of is no news of this one."""
    mentions = _mentions(cast(Account, one.candidate.key))
    if all(scene.is_of_another(line.line, mention.start) for line, mention in mentions):
        return _no_news(one)
    return one


def _no_news(one: Weighed) -> Weighed:
    return replace(one, share={**dict.fromkeys(one.share, 0.0), NONE: 1.0})


def candidates(described: Describer) -> Candidates:
    """Every model of the document's brand that the sentences name, with its features; aside, the survey of them all."""
    scene = described.scene
    told = survey(scene)
    proposals = propose(scene, told)
    stages = {finding.fact.value for finding in proposals if finding.fact}
    named = sum(len(_mentions(account)) for account in told.accounts)
    found = []
    for order, account in enumerate(told.accounts):
        mentions = _mentions(account)
        if not mentions or not account.brand:
            continue
        said = [finding for finding in proposals if finding.about == account.name]
        common: dict[str, float] = {"order": min(order, 8), "rivals": min(len(told.accounts), 12)}
        common |= {"vetoed": _is_vetoed(told), "share": len(mentions) / named}
        common |= {f"text proposed {stage}": 1.0 for stage in stages}
        common |= {f"rules {finding.fact.value if finding.fact else NONE}": 1.0 for finding in said}
        proposal = next((one for one in said if one.fact), next(iter(said), None))
        line, mention = mentions[0]
        starts = tuple(mention.start for _, mention in mentions)
        describe = partial(_features, described, told, account, common)
        found.append(Candidate(line.line, mention.start, mention.end, account, describe, proposal, starts))
    return Candidates(tuple(found), described.text, told)


def _features(described: Describer, told: Survey, account: Account, common: dict[str, float]) -> dict[str, float]:
    """Those of a model's name, with some that are known of it."""
    mentions = _mentions(account)
    found = _of_mentions(described, mentions)
    titled = [mention for mention in told.titled if mention.name == account.name]
    for mention in titled[:1]:
        headline = described.describe(described.scene.title, mention.start, mention.end)
        found |= {
            f"headline {name}": value for name, value in headline.items() if not name.startswith(("text ", "title "))
        }
    found |= _as_name(described.scene, account, mentions, bool(titled))
    found |= {f"told {step.stage}": 1.0 for step in account.steps}
    return found | common


def _is_vetoed(told: Survey) -> bool:
    return bool(told.title.of("veto_title"))


def _mentions(account: Account) -> list[tuple[Wording, Mention]]:
    """Where the sentences name a model."""
    return [(line, mention) for line, mention, _ in account.lines if mention is not None]


def _of_mentions(described: Describer, mentions: Sequence[tuple[Wording, Mention]]) -> dict[str, float]:
    """What stands around a name, wherever it stands: of distances the least, of the rest the most; and around the
    first mention by itself."""
    found: dict[str, float] = {}
    for number, (line, mention) in enumerate(islice(mentions, MENTIONS)):
        features = described.describe(line.line, mention.start, mention.end)
        if not number:
            found |= features
            found |= {first: value for name, value in features.items() if (first := _of_the_first(name))}
            continue
        for name, value in features.items():
            known = found.get(name)
            if known is None or (value < known if name.startswith(DISTANCES) else value > known):
                found[name] = value
    return found


@cache
def _of_the_first(feature: str) -> str | None:
    """What a feature of the first mention is called by itself; None if it is told of all together alone."""
    return f"first {feature}" if feature.startswith((*DISTANCES, "at ", "clause ")) else None


def _as_name(
    scene: Scene, account: Account, mentions: Sequence[tuple[Wording, Mention]], titled: bool
) -> dict[str, float]:
    """How a name is written, how often it stands, and how surely it is a model's of the brand."""
    name = account.name
    signs = frozenset(sign for _, mention in mentions[:MENTIONS] for sign in mention.signs)
    return {f"sign {sign}": 1.0 for sign in signs} | {
        "trust": account.trust,
        "mentions": min(len(mentions), 6),
        "titled": titled,
        "lines": min(len(account.lines), 8),
        "other brand": account.brand != scene.brand,
        "words": len(name.split()),
        "digits": any(char.isdigit() for char in name),
        "capitals": name.isupper(),
        "nouns capital": not scene.words.capitals,
        "no letters": not any(char.isascii() and char.isalpha() for char in name),
        "steps": min(len(account.steps), 6),
        "denied": account.denied,
    }


def _is_news(candidate: Candidate, share: Mapping[str, float]) -> bool:
    proposed = candidate.proposal is not None and candidate.proposal.fact is not None
    return 1 - share[NONE] >= (AGREED if proposed else LIKELY)


def _judged(told: Survey, candidate: Candidate, share: Mapping[str, float]) -> Finding:
    account, said = cast(Account, candidate.key), candidate.proposal
    stage = max(STAGES, key=lambda one: share[one])
    if not _is_news(candidate, share):
        why = f"{account.name} is no news, {share[NONE]:.0%}"
        if said and said.fact is None:
            why += f": {said.why}"
        roles = said.roles if said else ()
        return Finding(candidate.line, ModelAnnouncement.kind, roles, None, why, account.name)
    finding = announced(told, candidate, stage)
    return replace(finding, why=f"{finding.why}, {share[stage]:.0%}")


def announced(told: Survey, candidate: Candidate, stage: Stage) -> Finding:
    """The fact that a model has come to a stage: as the rules propose it, if they see the same one."""
    account, said = cast(Account, candidate.key), candidate.proposal
    if said and said.fact and said.fact.value == stage:
        finding = said
    else:
        steps = [step for step in account.steps if step.stage == stage] or [_step(account, stage)]
        finding = replace(make(account, steps, told.lines, told.title), why=f"{account.name} {stage}")
    line = finding.line
    there = [(mention.start, mention.end) for one, mention in _mentions(account) if one.line is line]
    return replace(finding, named=there[0] if there else (line.start, line.start))


def spot(finding: Finding) -> Spot | None:
    """Where a model that is news is to be dated and placed; None for any other finding."""
    if finding.named is None or not isinstance(finding.fact, ModelAnnouncement):
        return None
    return Spot(finding.line, *finding.named, finding.fact.stage)


def _step(account: Account, stage: Stage) -> Step:
    """The step that no word of the rules tells: in the first sentence of the text's own that names the model."""
    mentions = _mentions(account)
    prose = ((line, mention) for line, mention in mentions if line.line.sentence.kind != "heading")
    line, mention = next(prose, mentions[0])
    return Step(mention, line, line, _word(line, mention, stage), stage, None, line.has("hedge"), 0)


def _word(line: Wording, mention: Mention, stage: Stage) -> Cue:
    """The word for a stage that stands nearest to a name; the name itself where there is none."""
    words: Iterable[Cue] = line.of(*(key for key, told in ROLES.items() if told == stage))
    itself = Cue(mention.start, mention.end, f"model_announcement.{_ROLE_OF[stage]}", mention.name)
    return min(words, default=itself, key=lambda cue: max(mention.start - cue.end, cue.start - mention.end))
