"""Who speaks at an address: a source of the config, else a newsroom or an outlet of the catalogue, else its domain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from monitor import catalogue
from monitor.models import Authority, Source
from monitor.settings import registrable_domain


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks, how much it counts, and the brand that it is all about, if it is about one."""

    authority: Authority
    outlet: str
    brand: str | None = None


def speaker(url: str, own: Sequence[Source] = ()) -> Speaker:
    """Who speaks at an address. `own` are the configured sources, which outrank the catalogue."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    for key in _keys(host):
        found = _configured(parts.path, [source for source in own if _host(source.url) == key]) or _listed().get(key)
        if found:
            return found
    return Speaker(Authority.MEDIA, registrable_domain(host))


def _keys(host: str) -> Iterable[str]:
    """What a host may be listed as, the closest first."""
    return dict.fromkeys((host, host.removeprefix("www."), registrable_domain(host)))


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _configured(path: str, sources: Sequence[Source]) -> Speaker | None:
    """Who speaks at a path of a host with these sources: those of the nearest folder above it, if there are any, else
    all; None when they differ in who speaks."""
    near = [source for source in sources if path.startswith(_folder(source.url))]
    chosen = [source for source in near if len(_folder(source.url)) == max(len(_folder(one.url)) for one in near)]
    speakers = {(source.authority, source.outlet) for source in chosen or sources}
    brands = {source.brand for source in chosen or sources}
    if len(speakers) != 1:
        return None
    return Speaker(*speakers.pop(), brands.pop() if len(brands) == 1 else None)


def _folder(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[0] + "/"


@cache
def _listed() -> Mapping[str, Speaker]:
    """Host -> who speaks there: the catalogue's newsrooms and outlets."""
    shipped = catalogue.load()
    found: dict[str, Speaker] = {}
    for outlet in shipped.outlets:
        host = urlsplit(outlet.site if "://" in outlet.site else f"https://{outlet.site}").hostname or ""
        found.setdefault(registrable_domain(host), Speaker(outlet.authority, outlet.id))
    for brand in shipped.brands:
        for source in brand.sources:
            host = urlsplit(source.url).hostname or ""
            others = host in found and found[host].brand != brand.name
            alone = None if source.shared or others else brand.name
            found[host] = Speaker(Authority.OFFICIAL, brand.name if alone else brand.group or brand.name, alone)
        if brand.website:
            host = registrable_domain(urlsplit(brand.website).hostname or "")
            found.setdefault(host, Speaker(Authority.OFFICIAL, brand.name, brand.name))
    return found
