"""The shipped catalogue, the reading of catalogues, and the configs made from it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from monitor import config
from monitor.catalogue import Brand, CatalogueSource, Trust, load, read
from monitor.errors import ConfigError, UsageError
from monitor.models import Authority, SourceKind
from monitor.settings import Settings
from monitor.starter import starter_config

CONTRACT_KEYS = {
    "config": "database timezone http sources channels alerts backup",
    "backup": "path cron keep",
    "http": "user_agent deadline max_body per_host_delay respect_robots allow_private_networks proxy",
    "sources": "name brand kind url every cron authority outlet links render enabled alert_on_first",
    "channels": "name kind to from smtp password url secret",
    "alerts": "name brands kinds changes channels digest quiet",
}
ADDRESSES_REPORTED_DEAD = (
    "tesla.com/news/rss.xml",
    "rivian.com/news/rss.xml",
    "media.mercedes-benz.com/rss.xml",
    "audi-mediacenter.com/rss",
    "volkswagen-newsroom.com/rss",
    "volkswagen-newsroom.com/en/rss",
    "bydeurope.com/rss",
    "xiaopeng.com/news/rss",
    "lixiang.com/news/rss",
    "media.volvocars.com/global/en-gb/rss",
    "auto.mahindra.com/news",
)
ONE_BRAND = '[[brands]]\nid = "acme"\nname = "Acme"\nhome = "US"\n'


def catalogue_brand(name: str) -> Brand:
    brand = load().brand(name)
    assert brand is not None, name
    return brand


def every_source() -> list[CatalogueSource]:
    return [source for _, sources in every_entry() for source in sources]


def every_entry() -> list[tuple[str, tuple[CatalogueSource, ...]]]:
    brands = [(brand.id, brand.sources) for brand in load().brands]
    return brands + [(outlet.id, outlet.sources) for outlet in load().outlets]


# --- what ships ---


def test_the_catalogue_holds_at_least_ninety_brands_smart_first() -> None:
    brands = load().brands
    assert len(brands) >= 90
    assert brands[0].name == "smart"


def test_most_brands_say_where_they_publish_and_what_they_sell() -> None:
    brands = load().brands
    assert sum(bool(brand.sources) for brand in brands) >= 85
    assert sum(bool(brand.models) for brand in brands) >= 100
    assert sum(brand.wikidata is not None for brand in brands) >= 70


def test_no_address_is_plain_http_or_has_parts_that_are_no_address() -> None:
    for source in every_source():
        address = urlsplit(source.url)
        assert address.scheme == "https", source.url
        assert address.hostname is not None, source.url
        assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", address.hostname), source.url
        assert not re.search(r"\s", source.url), source.url
        assert not address.fragment, source.url


def test_websites_are_bare_domains() -> None:
    for brand in load().brands:
        assert brand.website is None or re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", brand.website), brand.id


def test_wikidata_ids_are_ids_and_used_once() -> None:
    ids = [brand.wikidata for brand in load().brands if brand.wikidata]
    assert all(re.fullmatch(r"Q[1-9]\d*", item) for item in ids)
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("dead", ADDRESSES_REPORTED_DEAD)
def test_addresses_that_were_reported_dead_do_not_ship(dead: str) -> None:
    plain = [re.sub(r"^https://(www\.)?|\.xml$|/$", "", source.url) for source in every_source()]
    assert dead.removesuffix(".xml") not in plain


def test_no_brand_lists_an_address_twice() -> None:
    for id_, sources in every_entry():
        urls = [source.url for source in sources]
        assert len(set(urls)) == len(urls), id_


def test_an_address_of_several_brands_is_shared_by_all_but_its_owner() -> None:
    owners: dict[str, list[str]] = {}
    for brand in load().brands:
        for source in brand.sources:
            if not source.shared:
                owners.setdefault(source.url, []).append(brand.id)
    assert {url: ids for url, ids in owners.items() if len(ids) > 1} == {}


def test_every_outlet_has_somewhere_to_look_and_wires_are_wires() -> None:
    outlets = load().outlets
    assert all(outlet.sources for outlet in outlets)
    assert {outlet.id for outlet in outlets if outlet.authority is Authority.WIRE} >= {"prnewswire", "globenewswire"}


def test_models_are_named_without_the_brand() -> None:
    doubled = [
        (brand.id, model)
        for brand in load().brands
        for model in brand.models
        if model.casefold().startswith(f"{brand.name.casefold()} ")
    ]
    assert doubled == []


# --- names ---


@pytest.mark.parametrize(
    ("name", "brand"),
    [
        ("smart", "smart"),
        ("BYD", "byd"),
        ("xpeng", "xpeng"),
        ("比亞迪", "byd"),
        ("蔚来", "nio"),
        ("トヨタ", "toyota"),
        ("현대자동차", "hyundai"),
        ("Skoda", "skoda"),
        ("citroen", "citroen"),
        ("mercedes benz", "mercedes-benz"),
        ("Lynk&Co", "lynk-co"),
        ("SsangYong", "kgm"),
        ("denza", "denza"),
        ("land-rover", "land-rover"),
    ],
)
def test_brands_are_found_by_id_name_and_alias_in_any_case_and_script(name: str, brand: str) -> None:
    assert catalogue_brand(name).id == brand


@pytest.mark.parametrize("name", ["", "&", "Acme", "bydd"])
def test_unknown_names_find_no_brand(name: str) -> None:
    assert load().brand(name) is None


def test_a_slip_of_the_pen_is_answered_with_the_closest_names() -> None:
    assert load().suggest("mercedez")[0] == "Mercedes-Benz"
    with pytest.raises(UsageError, match="did you mean Polestar"):
        load().require("Pole star r")
    with pytest.raises(UsageError, match=r"no brand 'qqqqqq'.*brands\.toml"):
        load().require("qqqqqq")


def test_outlets_are_found_by_name() -> None:
    outlet = load().outlet("CNEVPOST")
    assert outlet is not None
    assert outlet.feeds[0].url == "https://cnevpost.com/feed/"


@pytest.mark.parametrize(
    ("sub_brand", "parent"), [("denza", "byd"), ("firefly", "nio"), ("onvo", "nio"), ("genesis", "hyundai")]
)
def test_sub_brands_are_brands_of_their_own(sub_brand: str, parent: str) -> None:
    assert catalogue_brand(sub_brand).parent == parent


@pytest.mark.parametrize(
    "text",
    [
        "The smart #7 goes on sale",
        "smart presents the Concept #2",
        "smart's new EV",
        "smart und Mercedes planen",
        "smart精灵#5与吉利",
        "smart旗下的EHD车型",
    ],
)
def test_a_context_word_vouches_for_an_ambiguous_name(text: str) -> None:
    assert catalogue_brand("smart").vouched(text)


@pytest.mark.parametrize(
    "text", ["a smart home", "smart, the 15# bag", "Nevada is smart", "ehd is no word", "smart #A", "smart #12"]
)
def test_other_words_do_not_vouch(text: str) -> None:
    assert not catalogue_brand("smart").vouched(text)


def test_lists_of_words_stand_in_for_their_name() -> None:
    ford = catalogue_brand("ford")
    assert "@cars" not in ford.context
    assert ford.vouched("Ford, the Automaker")
    assert ford.vouched("フォードの電気自動車が")
    assert not ford.vouched("Ford scarcely spoke")


def test_certain_names_are_those_that_need_no_context() -> None:
    li_auto = catalogue_brand("li-auto")
    assert "Li Auto" in li_auto.certain
    assert "理想" not in li_auto.certain
    assert catalogue_brand("byd").certain == catalogue_brand("byd").names


# --- sources of a brand ---


def source(kind: str, trust: str, shared: bool = False) -> CatalogueSource:
    url = f"https://{kind}.example/{trust}/{shared}"
    return CatalogueSource(kind=SourceKind(kind), url=url, trust=Trust(trust), shared=shared)


def test_the_best_sources_come_first() -> None:
    best_first = [
        source("feed", "seen"),
        source("feed", "curated"),
        source("feed", "seen", shared=True),
        source("listing", "seen"),
        source("listing", "curated"),
        source("feed", "reported"),
        source("listing", "reported"),
        source("feed", "unverified"),
    ]
    brand = Brand(id="acme", name="Acme", home="US", sources=tuple(reversed(best_first)))
    assert load().sources_for(brand) == tuple(best_first)


# --- reading ---


def test_a_brand_needs_little() -> None:
    (brand,) = read(ONE_BRAND, "x.toml").brands
    assert brand == Brand(id="acme", name="Acme", home="US")


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ('alias = ["A"]', r"brand 'acme': unknown key 'alias' \(did you mean 'aliases'\?\)"),
        ('aliases = "A"', "brand 'acme': aliases must be a list of texts"),
        ('aliases = ["A", " "]', "brand 'acme': aliases must be a list of texts"),
        ('models = ["A", "A"]', "brand 'acme': models holds 'A' twice"),
        ("wikidata = 7", "brand 'acme': wikidata must be a text"),
        ('ambiguity = "some"', "brand 'acme': ambiguity is 'some', must be one of low, medium, high"),
        ('ambiguity = "high"', "brand 'acme': ambiguity 'high' does not go with"),
        ('ambiguous = ["Acme"]\ncontext = ["x"]', "brand 'acme': ambiguity 'low' does not go with"),
        ('ambiguity = "high"\nambiguous = ["Acme"]', "brand 'acme': ambiguous and context go together"),
        ('ambiguity = "high"\nambiguous = ["Ace"]\ncontext = ["x"]', "ambiguous 'Ace' is none of its names"),
        ('ambiguity = "high"\nambiguous = ["Acme"]\ncontext = ["@x"]', r"context '@x' is no list under \[words\]"),
        ('parent = "acme"', "parent 'acme' is no other brand's id"),
        ('parent = "other"', "parent 'other' is no other brand's id"),
        ("sources = [1]", "sources must be a list of tables"),
        ('sources = [{ kind = "feed" }]', "needs trust, url"),
        ('sources = [{ kind = "page", url = "https://a.example", trust = "seen" }]', "must be feed or listing"),
        ('sources = [{ kind = "feed", url = "a.example", trust = "seen" }]', "'a.example' is no web address"),
        ('sources = [{ kind = "feed", url = "https://[", trust = "seen" }]', "brand 'acme': "),
        ('sources = [{ kind = "feed", url = "https://a.example", trust = "A" }]', "trust is 'A', must be one of"),
        ('sources = [{ kind = "feed", url = "https://a.example", trust = "seen", shared = 1 }]', "shared must be true"),
        ('[[brands]]\nname = "B"\nhome = "US"', "brand 'number 2': needs id"),
        ('[[brands]]\nid = "B b"\nname = "B"\nhome = "US"', "brand 'B b': id must be lower-case"),
        ('[[brands]]\nid = "b"\nname = "B"\nhome = "USA"', "brand 'b': home must be a country code"),
        ('[[brands]]\nid = "b"\nname = "ÁCME"\nhome = "US"', "brand 'b': 'ÁCME' is a name of brand 'acme' too"),
        ('[[brands]]\nid = "acme"\nname = "B"\nhome = "US"', "brand 'acme': the id is used twice"),
        ('[[outlets]]\nid = "o"', "outlet 'o': needs language, name, site, sources"),
        ("[outlets]", r"each outlet must be a table under \[\[outlets\]\]"),
        ('[words]\ncars = "x"', "words cars must be a list of texts"),
        ("[tables]", "unknown key 'tables'"),
        ("= 1", "x.toml: "),
    ],
)
def test_a_mistake_is_told_with_its_brand_and_key(more: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        read(f"{ONE_BRAND}{more}\n", "x.toml")
    assert str(caught.value).startswith("x.toml: ")


def test_all_mistakes_are_told_at_once() -> None:
    text = f'{ONE_BRAND}one = 1\n[[brands]]\nid = "b"\ntwo = 2\n'
    with pytest.raises(ConfigError) as caught:
        read(text, "x.toml")
    assert len(str(caught.value).splitlines()) == 2


# --- the configs made from it ---


def assert_contract_keys(text: str) -> None:
    """Only keys that the contract of the config names, and those of backups."""
    tables = tomllib.loads(text)
    sections = {"config": [tables], "http": [tables["http"]], "backup": [tables.get("backup", {})]}
    sections |= {name: tables.get(name, []) for name in ("sources", "channels", "alerts")}
    for name, entries in sections.items():
        for entry in entries:
            assert entry.keys() <= set(CONTRACT_KEYS[name].split()), name


def settings_of(text: str, folder: Path) -> Settings:
    path = folder / "monitor.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(path)


def without_comment_marks(text: str) -> str:
    """The starter with its commented examples switched on."""
    return re.sub(r"(?m)^# (?=\[+[a-z]+\]|[a-z]+ = )", "", text)


def test_the_starter_without_brands_watches_smart(tmp_path: Path) -> None:
    text = starter_config()
    assert_contract_keys(text)
    settings = settings_of(text, tmp_path)
    first = settings.sources[0]
    assert (first.brand, first.url, first.authority) == ("smart", "https://media.smart.com/", Authority.OFFICIAL)
    assert [source.authority for source in settings.sources[1:]] == [Authority.MEDIA] * 5
    assert settings.alerts[0].brands == ("smart",)
    assert [channel.kind for channel in settings.channels] == ["console"]


def test_the_starters_examples_are_valid_when_switched_on(tmp_path: Path) -> None:
    text = without_comment_marks(starter_config())
    assert_contract_keys(text)
    settings = settings_of(text, tmp_path)
    assert [channel.kind for channel in settings.channels] == ["console", "email", "webhook"]
    assert settings.backup
    assert (settings.backup.path, settings.backup.keep) == (tmp_path / "backups", 7)
    assert settings.alerts[0].digest == "0 8 * * mon-fri"


@pytest.mark.parametrize("brand", load().brands, ids=lambda brand: brand.id)
def test_every_brand_makes_a_starter_with_its_own_sources(brand: Brand) -> None:
    text = starter_config([brand], [])
    assert_contract_keys(text)
    sources = tomllib.loads(text).get("sources", [])
    assert bool(sources) == bool(brand.sources)
    assert len(sources) <= 3
    assert all(source["authority"] == "official" for source in sources)
    assert {source["url"] for source in sources} <= {source.url for source in brand.sources}


def test_a_starter_of_everything_is_valid_and_asks_no_address_twice(tmp_path: Path) -> None:
    settings = settings_of(starter_config(load().brands, load().outlets), tmp_path)
    urls = [source.url for source in settings.sources]
    assert len(urls) > 100
    assert len(set(urls)) == len(urls)


def test_shared_newsrooms_leave_the_brand_to_the_text() -> None:
    text = starter_config([catalogue_brand("mini"), catalogue_brand("bmw")], [])
    (feed,) = tomllib.loads(text)["sources"]
    assert "brand" not in feed
    assert (feed["name"], feed["outlet"]) == ("bmw-group-feed", "bmw-group")


def test_a_brand_without_newsroom_is_told_apart() -> None:
    text = starter_config([catalogue_brand("bugatti"), catalogue_brand("smart")], [])
    assert "# The catalogue knows no newsroom of Bugatti" in text
    assert "newsroom of smart" not in text


def test_names_with_quotes_stay_valid() -> None:
    odd = replace(catalogue_brand("smart"), name='a"b\\c\x7f')
    tables = tomllib.loads(starter_config([odd], [], user_agent='me "and" you'))
    assert tables["sources"][0]["brand"] == odd.name
    assert tables["alerts"][0]["brands"] == [odd.name]
    assert tables["http"]["user_agent"] == 'me "and" you'


def test_wires_are_asked_often() -> None:
    wires = [outlet for outlet in load().outlets if outlet.authority is Authority.WIRE]
    tables = tomllib.loads(starter_config([], wires))["sources"][1:]
    assert {(table["authority"], table["every"]) for table in tables} == {("wire", "5m")}


def test_the_default_config_is_valid_and_starts_with_smart() -> None:
    path = Path(__file__).parent.parent / "config" / "monitor.toml"
    assert_contract_keys(path.read_text(encoding="utf-8"))
    settings = config.load(path)
    assert settings.sources[0].brand == "smart"
    assert settings.database == path.parent.parent / "db" / "monitor.db"
    assert settings.alerts[0].channels == ("screen",)
    for source in settings.sources:
        assert source.brand is None or load().brand(source.brand) is not None


def test_the_default_config_takes_its_addresses_from_the_catalogue() -> None:
    path = Path(__file__).parent.parent / "config" / "monitor.toml"
    trusted = {source.url for source in every_source() if source.trust.good}
    assert {source.url for source in config.load(path).sources} <= trusted
