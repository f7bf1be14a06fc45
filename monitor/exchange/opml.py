"""OPML, the subscription lists of feed readers: an outline with `xmlUrl` is a feed."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from monitor.errors import UsageError
from monitor.exchange.found import Candidate, Findings, text_or_none
from monitor.models import SourceKind


def read(content: bytes) -> Findings:
    """The subscriptions, whatever folders they are in. Raises UsageError for what is no OPML.

    Programs write OPML that is no good XML, and files get cut off: what can be read of them is better than nothing.
    """
    root, broken = _parsed(content)
    if root is None or etree.QName(root).localname.casefold() != "opml":
        raise UsageError("not OPML: an OPML file begins with <opml>")
    candidates: list[Candidate] = []
    left_out: list[str] = []
    for outline in root.iter("{*}outline"):
        given = {str(name).casefold(): str(value).strip() for name, value in outline.attrib.items()}
        candidate = _candidate(given)
        if candidate:
            candidates.append(candidate)
        elif given.get("type", "").casefold() == "include":
            left_out.append(f'"{_title(given) or "a list"}": a list elsewhere; import that file itself')
        elif len(outline) == 0:
            left_out.append(f'"{_title(given) or "an outline"}": it has no address')
    if broken and not candidates:
        raise UsageError(f"OPML that is {broken}; no source could be read")
    return Findings(program="OPML", candidates=tuple(candidates), left_out=tuple(left_out), broken=broken)


def _parsed(content: bytes) -> tuple[etree._Element | None, str | None]:
    """The outline, as far as it could be read, and where it is broken."""
    if b"<!ENTITY" in content.replace(b"\x00", b""):
        raise UsageError("it declares entities of its own, which is refused")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True, remove_comments=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None, None
    fault = next(iter(parser.error_log.filter_from_fatals()), None)
    return root, f"cut off or broken at line {fault.line} ({fault.message})" if fault else None


def _candidate(given: Mapping[str, str]) -> Candidate | None:
    if given.get("xmlurl"):
        return Candidate(url=given["xmlurl"], title=_title(given), kind=SourceKind.FEED)
    page = given.get("htmlurl") or (given.get("url") if given.get("type", "").casefold() != "include" else None)
    return Candidate(url=page, title=_title(given)) if page else None


def _title(given: Mapping[str, str]) -> str | None:
    return text_or_none(given.get("title") or given.get("text"))
