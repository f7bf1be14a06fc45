"""The config file: every mistake is a line with file, key and fix; secrets show nowhere; paths are the file's own."""

from __future__ import annotations

import copy
import os
import pickle
from datetime import time, timedelta
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import trustme

from monitor import config
from monitor.config import CONFIG_VARIABLE
from monitor.errors import ConfigError
from monitor.models import Authority
from monitor.secret import Secret
from monitor.settings import EmailChannel, Settings, WebhookChannel, registrable_domain

SOURCE = '[[sources]]\nname = "news"\nkind = "feed"\nurl = "https://media.a.example/feed"\n'
SCREEN = '[[channels]]\nname = "screen"\nkind = "console"\n'
DESK = (
    '[[channels]]\nname = "desk"\nkind = "email"\nto = "a@b.example"\nfrom = "m@b.example"\nsmtp = "smtp://b.example"\n'
)
HOOK = '[[channels]]\nname = "hook"\nkind = "webhook"\nurl = "https://b.example/"\n'
RULE = SCREEN + '[[alerts]]\nname = "all"\nchannels = ["screen"]\n'
HTTP = "[http]\n"
CANARY = "whsec_Y2FuYXJ5"
CHAT = f'[[channels]]\nname = "chat"\nkind = "apprise"\nurl = "tgram://{CANARY}/"'

IN_NEWS, IN_DESK, IN_RULE = '[[sources]] "news"', '[[channels]] "desk"', '[[alerts]] "all"'


def written(folder: Path, text: str) -> Path:
    path = folder / "monitor.toml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(folder: Path, text: str) -> list[str]:
    path = written(folder, text)
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines), lines
    return [line.removeprefix(f"{path}: ") for line in lines]


ENGINE = "[engine]\n"
ON_CLUSTER = 'kind = "dask"\nscheduler = "tls://a:1"\n'


@pytest.mark.parametrize(
    ("text", "key", "fix"),
    [
        # the top
        ('databse = "x"', "databse", 'did you mean "database"?'),
        ("database = 3", "database", "a path in quotes"),
        ('database = "a\\u0000b"', "database", "not a path"),
        ('database = "~nobody-at-all/x"', "database", "not a path"),
        ('timezone = "Berlin"', "timezone", '"Europe/Berlin"'),
        ('keep_pages = "forever"', "keep_pages", '"15m"'),
        ("workers = 0", "workers", "must be greater than or equal to 1"),
        ('revisit = ["1d", "1h"]', "revisit", '"1h", "1d", "7d"'),
        ('revisit = ["1h", "often"]', "revisit[1]", '"15m"'),
        ('revisit = ["4000d"]', "revisit", "366d"),
        ('workers = "many"', "workers", "a whole number"),
        ('workers = "5"', "workers", "a whole number, without quotes"),
        ("workers = true", "workers", "a whole number"),
        ('keep_pages = "999999d"', "keep_pages", 'at most 100 years, "36500d"'),
        (f'keep_pages = "{"9" * 400}d"', "keep_pages", "at most 100 years"),
        ('path = "x"', "path", "there is no such key"),
        ("sources = 3", "sources", "[[sources]]"),
        ('[sources]\nname = "news"', "sources", "[[sources]]"),
        ("[htp]", "htp", 'did you mean "http"?'),
        # how pages are fetched
        ("http = 3", "[http]", "a table"),
        (HTTP + 'deadline = "30"', "[http]: deadline", '"90s"'),
        (HTTP + "deadline = 30", "[http]: deadline", '"90s"'),
        (HTTP + 'deadline = "0s"', "[http]: deadline", "longer than nothing"),
        (HTTP + 'max_body = "10"', "[http]: max_body", '"10MB"'),
        (HTTP + f'max_body = "{"9" * 400}MB"', "[http]: max_body", '"10MB"'),
        (HTTP + 'per_host_delay = "-1s"', "[http]: per_host_delay", '"90s"'),
        (HTTP + 'user_agent = ""', "[http]: user_agent", "not be empty"),
        (HTTP + 'user_agent = "ü"', "[http]: user_agent", "ASCII"),
        (HTTP + 'respect_robots = "perhaps"', "[http]: respect_robots", "true or false"),
        (HTTP + 'allow_private_networks = ["127.0.0.0/99"]', "[http]: allow_private_networks[0]", '"127.0.0.0/8"'),
        (HTTP + 'allow_private_networks = "127.0.0.0/8"', "[http]: allow_private_networks", "a list"),
        (HTTP + f'proxy = "http://u:{CANARY}@b.example"', "[http]: proxy", '"env:NAME"'),
        (HTTP + 'ca_file = "none.pem"', "[http]: ca_file", "no such file"),
        (HTTP + 'ca_file = "monitor.toml"', "[http]: ca_file", "no certificate"),
        # where sources are observed
        (ENGINE + 'kind = "dusk"', "[engine]: kind", 'did you mean "dask"?'),
        (ENGINE + 'kind = "dask"', "[engine]", '"tls://host:8786"'),
        (ENGINE + 'kind = "dask"\nscheduler = "host:8786"', "[engine]: scheduler", '"tls://scheduler.example:8786"'),
        (ENGINE + 'kind = "dask"\nscheduler = "tls://a:1"', "[engine]", "needs ca_file"),
        (ENGINE + 'kind = "dask"\nscheduler = "tcp://a:1"\nca_file = "a.pem"', "[engine]", "goes with"),
        (ENGINE + 'kind = "dask"\nscheduler = "tcp://a:1"\nprocesses = 2', "[engine]", 'kind = "local"'),
        (ENGINE + 'scheduler = "tcp://a:1"', "[engine]", 'kind = "dask"'),
        (ENGINE + f"{ON_CLUSTER}ca_file = 'a'\ncert_file = 'a'\nkey_file = 'a'", "[engine]: ca_file", "no such file"),
        # sources
        ('[[sources]]\nkind = "feed"\nurl = "https://a.example"', "[[sources]] number 1: name", "is missing"),
        (SOURCE.replace("feed", "feeed", 1), f"{IN_NEWS}: kind", 'did you mean "feed"?'),
        (SOURCE.replace("https://", ""), f"{IN_NEWS}: url", "https://"),
        (SOURCE.replace("https", "ftp"), f"{IN_NEWS}: url", "https://"),
        (SOURCE.replace("https://", f"https://u:{CANARY}@"), f"{IN_NEWS}: url", "user or password"),
        (SOURCE.replace(".example", ".example:99999"), f"{IN_NEWS}: url", "0-65535"),
        (SOURCE.replace("a.example", "xn--.example"), f"{IN_NEWS}: url", 'no host "media.xn--.example"'),
        (SOURCE.replace("a.example", "a..example"), f"{IN_NEWS}: url", 'no host "media.a..example"'),
        (SOURCE + 'every = "15"', f"{IN_NEWS}: every", '"15m"'),
        (SOURCE + 'every = "5000000d"', f"{IN_NEWS}: every", "at most 100 years"),
        (SOURCE + 'enabled = "no"', f"{IN_NEWS}: enabled", "true or false, without quotes"),
        (SOURCE + "enabled = 1", f"{IN_NEWS}: enabled", "true or false"),
        (SOURCE + 'every = "15m"\ncron = "* * * * *"', IN_NEWS, "keep one"),
        (SOURCE + 'cron = "* * *"', f"{IN_NEWS}: cron", '"0 7 * * mon-fri"'),
        (SOURCE + 'cron = "0 0 31 2 *"', f"{IN_NEWS}: cron", "never happens"),
        (SOURCE + 'authority = "oficial"', f"{IN_NEWS}: authority", 'did you mean "official"?'),
        (SOURCE + 'links = "a"', IN_NEWS, 'kind = "listing"'),
        (SOURCE.replace("feed", "listing", 1) + 'links = "a[["', f"{IN_NEWS}: links", "not a CSS selector"),
        (SOURCE + "render = true", IN_NEWS, "leave it out"),
        (SOURCE + 'language = "english"', f"{IN_NEWS}: language", '"de"'),
        (SOURCE + 'brand = ""', f"{IN_NEWS}: brand", "not be empty"),
        (SOURCE + 'brand = "a\\u0007"', f"{IN_NEWS}: brand", "control characters"),
        (SOURCE + 'enabld = false', f"{IN_NEWS}: enabld", 'did you mean "enabled"?'),
        (SOURCE + SOURCE, '[[sources]] name "news"', "unique"),
        # channels
        (SCREEN.replace("console", "screen"), '[[channels]] "screen": kind', "email, webhook, apprise, command"),
        ('[[channels]]\nname = "desk"', f"{IN_DESK}: kind", "email, webhook, apprise, command"),
        ('[[channels]]\nkind = "console"', "[[channels]] number 1: name", "is missing"),
        (SCREEN + 'secret = "x"', '[[channels]] "screen": secret', "known: name, kind"),
        (DESK.replace("a@b.example", "a"), f"{IN_DESK}: to[0]", "desk@example.org"),
        (DESK.replace('"a@b.example"', "[]"), f"{IN_DESK}: to", "at least one"),
        (DESK.replace("from =", "form ="), f"{IN_DESK}: form", 'did you mean "from"?'),
        (DESK.replace("smtp://b", "b"), f"{IN_DESK}: smtp", "smtps://"),
        (DESK.replace("smtp://", f"smtp://u:{CANARY}@"), f"{IN_DESK}: smtp", '"env:SMTP_PASSWORD"'),
        (DESK + f'password = "{CANARY}"', f"{IN_DESK}: password", '"env:NAME"'),
        (HOOK + f'secret = "{CANARY}"', '[[channels]] "hook": secret', '"env:NAME"'),
        (HOOK + 'secrt = "env:X"', '[[channels]] "hook": secrt', 'did you mean "secret"?'),
        (CHAT, '[[channels]] "chat": url', '"env:NAME"'),
        # alert rules
        (RULE.replace('["screen"]', '["scren"]'), f"{IN_RULE}: channels", 'did you mean "screen"?'),
        (RULE.replace('["screen"]', "[]"), f"{IN_RULE}: channels", "at least one"),
        (RULE.replace('["screen"]', '"screen"'), f"{IN_RULE}: channels", "a list"),
        (RULE + 'kinds = ["market_cuont"]', f"{IN_RULE}: kinds[0]", 'did you mean "market_count"?'),
        (RULE + 'changes = ["neww"]', f"{IN_RULE}: changes[0]", 'did you mean "new"?'),
        (RULE + 'digest = "8:00"', f"{IN_RULE}: digest", '"0 7 * * mon-fri"'),
        (RULE + 'markets = ["Germany"]', f"{IN_RULE}: markets[0]", 'write "DE" or "region:Europe"'),
        (RULE + 'languages = ["english"]', f"{IN_RULE}: languages[0]", 'as in "de"'),
        (RULE + 'quiet = "22-7"', f"{IN_RULE}: quiet", '"22:00-07:00"'),
        (RULE + 'quiet = "22:00-25:00"', f"{IN_RULE}: quiet", '"22:00-07:00"'),
        # the page
        ('[web]\nhost = "http://a"', "[web]: host", '"127.0.0.1"'),
        ('[web]\nhosts = "http://a"', "[web]: hosts[0]", '"news.example.org"'),
        # the file
        ("x = ", "", "not valid TOML"),
        ("x = " + "[" * 10_000, "", "not valid TOML"),
        ("x = " + "9" * 5_000, "", "not valid TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_a_line_with_key_and_fix(text: str, key: str, fix: str, tmp_path: Path) -> None:
    told = mistakes(tmp_path, text)
    line = next((line for line in told if line.startswith(key) and fix in line), None)
    assert line is not None, told
    assert not any(CANARY in line or "Y2FuYXJ5" in line for line in told)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    told = mistakes(tmp_path, 'timezone = "x"\n' + SOURCE + 'every = "x"\n' + DESK.replace("a@", "a"))
    assert [line.split(": ")[-2].split(" ")[-1] for line in told] == ["timezone", "every", "to[0]"]


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert config.load(written(tmp_path, "\ufeff" + SOURCE)).sources


def test_a_file_that_is_no_text_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"is not UTF-8 .*; save it as UTF-8"):
        config.load(tmp_path / "monitor.toml")


# --- what it means ---


def test_values_are_what_was_written(tmp_path: Path) -> None:
    settings = config.load(
        written(
            tmp_path,
            'database = "sub/x.db"\ntimezone = "Europe/Berlin"\nkeep_pages = "2d"\n[http]\nmax_body = "500KB"\n'
            'per_host_delay = "0s"\nallow_private_networks = ["127.0.0.1/8"]\n'
            + SOURCE
            + RULE
            + 'quiet = "22:00-07:30"',
        )
    )
    assert settings.database == tmp_path / "sub" / "x.db"
    assert settings.timezone == ZoneInfo("Europe/Berlin")
    assert settings.keep_pages == timedelta(days=2)
    assert (settings.http.max_body, settings.http.per_host_delay) == (500_000, timedelta(0))
    assert settings.http.allow_private_networks == (ip_network("127.0.0.0/8"),)
    assert settings.alerts[0].quiet == (time(22), time(7, 30))
    (source,) = settings.sources
    assert (source.outlet, source.every, source.cron) == ("media.a.example", timedelta(hours=1), None)
    assert source.authority is Authority.MEDIA


@pytest.mark.parametrize(
    ("smtp", "host", "port", "user", "tls"),
    [
        ("smtp://b.example", "b.example", 25, None, "none"),
        ("smtp://m%40b@b.example", "b.example", 587, "m@b", "starttls"),
        ("smtp://b.example:587", "b.example", 587, None, "starttls"),
        ("smtps://m@b.example", "b.example", 465, "m", "tls"),
        ("smtps://b.example:2465", "b.example", 2465, None, "tls"),
    ],
)
def test_mail_servers_are_read_as_written(
    smtp: str, host: str, port: int, user: str | None, tls: str, tmp_path: Path
) -> None:
    (channel,) = config.load(written(tmp_path, DESK.replace("smtp://b.example", smtp))).channels
    assert isinstance(channel, EmailChannel)
    found = channel.smtp
    assert (found.host, found.port, found.user, found.tls) == (host, port, user, tls)


@pytest.mark.parametrize(
    ("host", "domain"),
    [("media.smart.com", "smart.com"), ("news.bbc.co.uk", "bbc.co.uk"), ("127.0.0.1", "127.0.0.1"), ("box", "box")],
)
def test_outlets_are_registrable_domains(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain


# --- where it is ---


def test_the_given_database_wins_and_is_no_path_of_the_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, 'database = "a.db"')
    assert config.load(path, Path("b.db")).database == tmp_path / "b.db"
    assert config.load(Path("monitor.toml")).database == tmp_path / "a.db"


def test_the_config_is_found_in_the_order_of_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)
    with pytest.raises(ConfigError, match="brand-monitor init"):
        config.find(None)
    for place in ("xdg/brand-monitor/monitor.toml", "config/monitor.toml", "monitor.toml"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
        assert config.find(None).absolute() == tmp_path / place
    (tmp_path / "named.toml").touch()
    monkeypatch.setenv(CONFIG_VARIABLE, "named.toml")
    assert config.find(None) == Path("named.toml")
    assert config.find(Path("monitor.toml")) == Path("monitor.toml")


@pytest.mark.parametrize(("given", "variable"), [(Path("none.toml"), ""), (None, "none.toml")])
def test_a_config_that_was_asked_for_and_is_not_there_is_never_replaced_by_another(
    given: Path | None, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "monitor.toml").touch()
    monkeypatch.setenv(CONFIG_VARIABLE, variable)
    with pytest.raises(ConfigError, match=r"none\.toml: no such file"):
        config.find(given)


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is a folder; name the config in it, as in .*/monitor\.toml"):
        config.find(tmp_path)


def test_what_ships_is_right() -> None:
    shipped = config.load(Path(__file__).parent.parent / "config" / "monitor.toml")
    assert any(source.brand == "smart" for source in shipped.sources)


# --- secrets ---


@pytest.fixture
def secretive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("HOOK_SECRET", CANARY)
    (tmp_path / "password.txt").write_text(f"{CANARY}\n")
    text = HOOK + 'secret = "env:HOOK_SECRET"\n' + DESK + 'password = "file:password.txt"\n'
    return config.load(written(tmp_path, text))


def test_secrets_are_revealed_when_asked(secretive: Settings) -> None:
    assert [secret.reveal() for secret in secretive.secrets().values()] == [CANARY, CANARY]


def test_all_secrets_that_are_not_there_are_told_with_their_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WSEC", raising=False)
    source = SOURCE + 'headers = { "X-Key" = "env:WSEC" }\nauth = "me"\npassword = "file:none.txt"\n'
    text = HTTP + 'proxy = "env:WSEC"\n' + source + HOOK + 'secret = "env:WSEC"\n' + DESK
    settings = config.load(written(tmp_path, text))
    with pytest.raises(ConfigError) as caught:
        settings.require_secrets()
    unset = "the environment variable WSEC is not set; set it where the program is started"
    lines = [line.removeprefix(f"{settings.path}: ") for line in str(caught.value).splitlines()]
    assert lines == [
        f"[http]: proxy: {unset}",
        f'[[channels]] "hook": secret: {unset}',
        f"{IN_NEWS}: headers: X-Key: {unset}",
        f"{IN_NEWS}: password: the secret file {tmp_path / 'none.txt'} cannot be read (FileNotFoundError); "
        "write the secret into it, or name another file",
    ]
    settings.require_secrets("[web]")
    with pytest.raises(ConfigError, match=r"\[http\]: proxy: "):
        settings.require_secrets("[http]")


@pytest.mark.parametrize("name", ["env:WSEC", "file:wsec.txt"])
def test_a_webhook_secret_that_nothing_can_be_signed_with_is_told_as_one_that_is_not_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WSEC", "not base64!")
    (tmp_path / "wsec.txt").write_text("not base64!")
    settings = config.load(written(tmp_path, SOURCE + HOOK + f'secret = "{name}"\n'))
    with pytest.raises(ConfigError) as caught:
        settings.require_secrets()
    assert str(caught.value).startswith(f'{settings.path}: [[channels]] "hook": secret: what {name} holds is no secret')
    assert "not base64!" not in str(caught.value)


def test_secrets_show_nowhere_else(secretive: Settings) -> None:
    hook, desk = secretive.channels
    assert isinstance(hook, WebhookChannel)
    assert isinstance(desk, EmailChannel)
    assert str(hook.secret) == repr(hook.secret) == "<secret env:HOOK_SECRET>"
    dumped = (secretive, hook, desk, secretive.model_dump(), vars(hook), f"{secretive}", copy.deepcopy(hook))
    for value in dumped:
        assert CANARY not in repr(value)
    assert CANARY.encode() not in pickle.dumps(secretive)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("env:NOT_SET_ANYWHERE", "NOT_SET_ANYWHERE is not set"),
        ("env:EMPTY", "EMPTY is not set"),
        ("file:none.txt", "none.txt cannot be read"),
        ("file:empty.txt", "empty.txt is empty"),
        ("file:binary.txt", "binary.txt cannot be read"),
        ("file:~nobody-at-all/x", "cannot be read"),
        ("file:a\0b", "cannot be read"),
    ],
)
def test_a_secret_that_is_not_there_is_named(
    name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPTY", "")
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe" + CANARY.encode())
    with pytest.raises(ConfigError) as caught:
        Secret(name, tmp_path).reveal()
    assert reason in str(caught.value)
    assert CANARY not in str(caught.value)


def test_nothing_but_the_place_is_read_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, SOURCE)
    before = config.load(path)
    for name in ("DATABASE", "TIMEZONE", "HTTP_PROXY", "HTTPS_PROXY", "USER_AGENT", "WORKERS"):
        monkeypatch.setitem(os.environ, name, "3")
    assert config.load(path) == before


def test_the_files_for_a_cluster_are_checked_and_found_beside_the_config(tmp_path: Path) -> None:
    authority = trustme.CA()
    ours, other = authority.issue_cert("a"), authority.issue_cert("a")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    ours.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    ours.private_key_pem.write_to_path(tmp_path / "key.pem")
    path = tmp_path / "monitor.toml"
    path.write_text(f'{ENGINE}{ON_CLUSTER}ca_file = "ca.pem"\ncert_file = "cert.pem"\nkey_file = "key.pem"')
    engine = config.load(path).engine
    assert (engine.ca_file, engine.cert_file, engine.key_file) == tuple(
        tmp_path / f"{name}.pem" for name in ("ca", "cert", "key")
    )
    other.private_key_pem.write_to_path(tmp_path / "key.pem")
    with pytest.raises(ConfigError, match="do not belong together"):
        config.load(path)
