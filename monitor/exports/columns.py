"""The columns of each list's CSV, on the command line and on the page, which it has when it is empty, too."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.exports.rows import FACT_FIELDS, FIELDS

COLUMNS: Mapping[str, tuple[str, ...]] = {
    **FIELDS,
    "brands": ("brand", "count", "disputed", "disputes", "changed_at", "newest", "plans_due", "plans_late", "course"),
    "conflicts": (
        *("brand", "kind", "subject", "believed", "outlet", "authority", "published", "url", "evidence", "rival"),
        *("rival_outlet", "rival_authority", "rival_published", "rival_url", "rival_evidence", "rule", "since"),
        "attribute",
    ),
    "plans": (
        *("brand", "kind", "subject", "value", "dated", "due", "kept", "date_disputed", "told", "outlet"),
        *("authority", "evidence", "url", "fact", "overdue"),
    ),
    "sources": (
        *("name", "brand", "kind", "url", "moved_url", "authority", "outlet", "configured", "enabled", "health"),
        *("failures", "last_outcome", "last_reason", "last_checked_at", "last_good_at", "next_due", "waiting"),
        *("documents", "failing_since", "trouble", "trouble_since", "gone_at", "health_in_words"),
    ),
    "checks": (
        *("id", "source", "started_at", "finished_at", "outcome", "good", "reason", "requests", "baseline", "links"),
        *("documents", "facts", "changes", "listed", "times"),
    ),
    "alerts": (
        *("id", "queued_at", "channel", "recipient", "rule", "digest", "status", "reason", "changes", "text"),
        *("not_before", "attempts", "last_attempt_at", "last_answer", "settled_at"),
    ),
    "reviews": (
        *("id", "reviewed_at", "reviewer", "verdict", "note", "brand", "kind", "subject", "value"),
        *("corrected_subject", "corrected_value", "correction", "url", "in_force", "fact", "made", "because"),
    ),
    "search": (
        *("id", "url", "version", "latest", "title", "published", "published_from", "dated", "language", "outlet"),
        *("authority", "source", "fetched_at", "baseline", "characters", "facts", "page_kept", "check_id", "snippet"),
        "evidence",
    ),
    "search/facts": (*FACT_FIELDS, "snippet"),
    "silences": ("id", "added_at", "until", "brand", "kind", "channel", "note"),
    "timeline": (
        *("id", "brand", "kind", "subject", "aspect", "change", "before_value", "after_value", "believed", "disputed"),
        *("since", "detected_at", "text", "rule", "sources"),
    ),
}
