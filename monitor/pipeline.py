"""The path of the data, top to bottom. The scheduler calls `observe`, then `record`; nothing else moves the news.

    observe   source, memory ─► look: new links ─► visit each: document, facts ─► Observation
    record    Observation ─► history: check, pages, documents, facts ─► reconcile: changes ─► route: outbox rows
                         └─► judge: how the source is ─► a notice when it is in trouble, or well again ─► outbox rows

`observe` touches network and CPU, never the database; its arguments and its answer can be pickled. `record` is the only
writer, one transaction: nothing is told that is not stored, and the reverse. Expected failures are outcomes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from monitor.health import judge
from monitor.history import History
from monitor.models import Change, Memory, Observation, Source
from monitor.notifier.route import route, route_notice
from monitor.notifier.trouble import source_notice
from monitor.notifier.wording import words_of
from monitor.settings import Settings
from monitor.visits import Counted, Tools, look, to_read, visit_all


async def observe(source: Source, memory: Memory, tools: Tools) -> Observation:
    """All that one check of one source brings home. Never raises for what the web may do."""
    started = tools.clock()
    client = Counted(tools.client)
    tools = replace(tools, client=client)
    seen = await look(source, memory, tools)
    tasks = to_read(seen.links, memory) if seen.outcome.good else ()
    readings = *seen.own, *await visit_all(tasks, source, tools)
    finished = max(started, tools.clock())  # the clock may have been set back meanwhile
    return replace(seen.observation(source, started, finished, readings), requests=client.asked)


def record(
    observation: Observation,
    source: Source,
    *,
    history: History,
    settings: Settings,
    next_due: datetime,
    failures: int,
    now: datetime,
) -> tuple[Change, ...]:
    """Stores an observation and all that follows from it, in one transaction. Returns the changes."""
    with history.writing():
        if observation.quiet and history.seen(observation, next_due, now):
            return ()
        stored = history.store(observation, source, now, settings.revisit)
        changes: tuple[Change, ...] = ()
        if stored.subjects:
            from monitor.parser import reconcile as weigh  # late: most checks bring no claims

            claims = history.claims(weigh.concerned(stored.subjects), stored.check_id)
            states, changes = weigh.reconcile(claims, now, history.past(stored.subjects))
            history.put_states(states, now)
            for subject in stored.subjects - {state.subject for state in states}:
                history.forget_state(subject, now)
            history.add_changes(changes, stored.check_id)
        asked = settings.alerts, settings.channels, now, settings.timezone, history.silences(now)
        history.queue(route(changes, *asked, history.identity), now)
        condition = judge(source, observation, failures, history.vitals(source.name), now, settings.timezone)
        history.put_condition(source.name, condition)
        if condition.told:
            notice = source_notice(condition.told, words_of(settings.language), settings.timezone)
            history.queue(route_notice(notice, *asked), now)
        history.schedule(source.name, next_due, observation, failures)
    return changes
