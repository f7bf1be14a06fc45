"""Pages that are no news: consent walls, bot challenges, logins, soft 404s, maintenance.

Each answers 200 and looks like a page. Told by few signs that hold together: what the title says, what the little text
says, what the markup is for. A page with a real amount of text of its own is never one of them, and where two sentences
tell of something a single sign may be of the news: "coming soon", "temporarily unavailable", a banner about cookies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from lxml.html import HtmlElement

from monitor.pages import markup

_SHORT = 1_500  # characters; longer pages have something to say
_FIELDS = 500  # of forms that are looked at
_DEEP = 100  # elements around a field
_CONSENT_LIMIT = 6_000  # consent walls list their partners at length

_CHALLENGE = re.compile(
    r"just a moment|checking (?:if|your browser)|verify(?:ing)? (?:that )?you(?:'|’)?(?: a)?re (?:a )?(?:human|not a)"
    r"|are you (?:a )?(?:human|robot)|you(?:'|’)?(?: a)?re not a (?:bot|robot)|verifying your browser"
    r"|security checkpoint"
    r"|attention required|enable javascript and cookies to continue|ddos protection|^human verification$"
    r"|requested url was rejected|^request rejected$|your access to this (?:site|service) has been limited"
    r"|requested url could not be retrieved|bot manager|solve this captcha|^\W*403 forbidden$"
    r"|sicherheitsprüfung|kein roboter|pas un robot|no (?:eres|es usted) un robot|non sei un robot|não é um robô"
    r"|unusual traffic|pardon our interruption|access (?:to this page )?(?:has been )?denied|request unsuccessful"
    r"|security check|please complete the captcha|einen moment|sicherheitsüberprüfung|vérification de sécurité"
    r"|un instant|comprobación de seguridad|请稍候|安全验证|人机验证|访问验证|アクセスが拒否",
    re.IGNORECASE | re.MULTILINE,
)
_CHALLENGE_MARKUP = re.compile(
    r"awswaf\.com|KPSDK|cf-chl-|challenge-platform|/cdn-cgi/challenge|_Incapsula_Resource|px-captcha|captcha-delivery\.com|ak_bmsc"
    r"|g-recaptcha|h-captcha|hcaptcha\.com|turnstile",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"before you continue|we (?:value|care about|respect) your privacy|your privacy (?:choices|is important)"
    r"|privacy preference|consent preferences|consent to (?:our|the) use|confirm my choices|allow all\b"
    r"|form of cookies|accept (?:all(?= cookies|\W*$)|cookies|and continue)|reject all"
    r"|manage (?:cookies|preferences|options|your choices)"
    r"|(?:we|our) (?:and our )?(?:\d+ )?partners|use(?:s|d)? cookies|cookie (?:settings|policy|preferences|notice)"
    r"|alle akzeptieren|bevor sie (?:fortfahren|weiterlesen)|cookies (?:zu)?zustimmen"
    r"|mit werbung|einwilligung|privatsphäre ist uns|ihrer zustimmung|zustimmen und|akzeptieren und weiter|pur-abo"
    r"|unsere (?:\d+ )?partner|tout accepter|accepter et|continuer sans accepter|nos (?:\d+ )?partenaires|vos données"
    r"|votre vie privée|paramétrer|su privacidad|tu privacidad|tua privacy|sua privacidade|rejeitar"
    r"|accetta e|gestisci le|nostri (?:\d+ )?partner|i cookie|aceitar|nossos parceiros|us(?:a|amos) cookies"
    r"|configurações de cookies|gerir opções|cookie 设置|使用 ?cookie|同意并继续|隐私提示|合作伙伴"
    r"|aceptar (?:todo|todas|y continuar)"
    r"|rechazar|nuestros socios|accetta tutti|rifiuta|接受所有|全部接受|隐私设置|すべて同意",
    re.IGNORECASE | re.MULTILINE,
)
_NOT_FOUND = re.compile(
    r"(?:error|http|code|fehler|page|página)\W{0,3}404\b|^\W*404\W*$|\b404\W+(?:error|not found|page)"
    r"|page (?:was |could )?not (?:be )?found"
    r"|(?:can(?:'|’)?t|could(?:n(?:'|’)t| not)) find (?:that|this|the) page"
    r"|(?:page|article|content) (?:you (?:requested|are looking for) )?"
    r"(?:is no longer|isn(?:'|’)t|does(?:n(?:'|’)t| not)|no longer) (?:available|exists?)"
    r"|nothing (?:was )?found|content not found|(?:article|page) (?:you requested )?(?:has been|was) removed"
    r"|(?:can(?:'|’)?t|cannot) find the page|seite (?:wurde |konnte )?nicht gefunden|seite existiert (?:leider )?nicht"
    r"|page (?:non trouvée|introuvable)|(?:cette|la) page (?:que vous (?:re)?cherchez )?n(?:'|’)existe (?:pas|plus)"
    r"|la página (?:que (?:busca|buscas) )?no existe|encontrar la página|la pagina (?:che \w+ cercando )?non esiste"
    r"|a página (?:que procura )?não existe|页面找不到|已被删除"
    r"|página no encontrada|no se (?:ha )?encontr\w+ la página|pagina non trovata|página não encontrada"
    r"|pagina niet gevonden"
    r"|页面不存在|页面未找到|找不到(?:该|您|此)?.{0,6}页面|ページが見つかりません|찾을 수 없",
    re.IGNORECASE | re.MULTILINE,
)
_MAINTENANCE = re.compile(
    r"(?:under|scheduled|planned|undergoing|(?:down|closed|offline) for) maintenance"
    r"|maintenance (?:mode|work|in progress)"
    r"|we(?:(?:'|’)ll| will) be (?:right )?back|temporarily (?:unavailable|out of service|down)"
    r"|service unavailable|wartungsarbeiten|wird (?:gerade )?gewartet|in kürze wieder|en maintenance"
    r"|maintenance en cours|en mantenimiento|in manutenzione|em manutenção|in onderhoud"
    r"|系统维护|网站维护|升级维护|维护中|メンテナンス中|점검 중",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"^welcome to nginx|^apache2? .*default page|^iis windows server|web server(?:'|’)s default page"
    r"|^(?:account|site) suspended|account has been suspended|domain (?:\w+ )?(?:has expired|(?:may be|is) for sale)"
    r"|\.\w+ is for sale|^coming soon$|^error establishing a database connection|critical error on this website"
    r"|^\W*50[0-4]\b.{0,40}$|: connection timed out$|^wordpress › error$",
    re.IGNORECASE | re.MULTILINE,
)
_SENT_ON = re.compile(
    r"""<meta[^>]{0,80}http-equiv=["']?refresh["']?[^>]{0,80}content=["']?\s*\d?\s*;\s*url=|name=["']?SAMLRequest""",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"\b(?:log|sign) ?in\b|subscriber login|anmelden|einloggen|se connecter|connexion|iniciar ses(?:ión|são)|accedi"
    r"|登录|ログイン",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?。！？\n]+")
_WHOLE_SENTENCE = re.compile(r"[^.!?。！？\n]{8,400}[.!?。！？]")
_WORD = re.compile(r"[\u3040-\u9fff]{2}|[^\W_]+")
_TOLD = 15  # words of at least two sentences
_OF_ITSELF = re.compile(
    r"(?i:\b(?:you|your\w*|please|we|our|bitte|wir|unser\w*|vous|votre|vos|nous|notre|nos|veuillez|usted|nosotros|tus?"
    r"|nuestr\w+|por favor|lei|tuo|tua|noi|nostr\w+|você|nós|nosso\w*|uw|wij|onze"
    r"|(?:web)?(?:site|page|seite|server)s?|javascript|browser|cookies?|consent\w*|privacy|advertis\w+|data|devices?"
    r"|access|domain|login|captcha|pictures|maintenance|wartung\w*|daten|zugriff|navigateur|accès|données|navegador"
    r"|p[áa]gina|sitio|sito|acc?esso|acceso|dati|datos|dados)\b)|\b(?:us|uns|Sie|Ihnen|Ihre?[mnrs]?)\b"
    r"|您|你|我们|我們|请|請|网站|本站|系统|浏览器|页面|数据|ください|ございます|니다",
)
"""What a wall speaks of: its reader, who put it up, and the machinery. News tell of others."""


@dataclass(frozen=True)
class _Signs:
    """What can be seen of a page at a glance."""

    heads: str  # title and main headings
    text: str
    html: str
    password: bool
    mail: bool  # it asks for a mail address: the first step of a login, or a newsletter's
    tells: bool  # it has something to say: a single sign that is found in it may be of what it tells


def suspicion(page: HtmlElement, html: str, text: str | None = None) -> str | None:
    """Why this page is no news, in plain words; None when nothing speaks against it. `text`: its lines, if known."""
    text = markup.lines(page) if text is None else text
    asked = {kind for field in islice(page.iter("input"), _FIELDS) if (kind := _asked(field))}
    signs = _Signs(
        heads=_heads(page),
        text=text,
        html=html,
        password="password" in asked,
        mail="email" in asked,
        tells=len(text) <= _CONSENT_LIMIT and _tells(text),
    )
    for test in (_challenge, _consent, _soft_404, _maintenance, _nobody, _login, _sent_on):
        reason = test(signs)
        if reason:
            return reason
    return None


def _asked(field: HtmlElement) -> str | None:
    """What kind of thing a field asks for; nothing while the page hides it."""
    kind = (field.get("type") or "").strip().lower()
    around = (field, *islice(field.iterancestors(), _DEEP)) if kind in ("password", "email") else ()
    return None if any(markup.hidden(one.tag, one.attrib) or _closed(one) for one in around) else kind


def _closed(element: HtmlElement) -> bool:
    return element.tag == "template" or (element.tag == "dialog" and "open" not in element.attrib)


def _tells(text: str) -> bool:
    """Whether there are two sentences that tell of something else than this page and who looks at it."""
    told = [len(_WORD.findall(said)) for said in _WHOLE_SENTENCE.findall(text) if not _OF_ITSELF.search(said)]
    told = [words for words in told if words >= 5]
    return len(told) >= 2 and sum(told) >= _TOLD


def _heads(page: HtmlElement) -> str:
    heads = (*islice(page.iter("title"), 1), *islice(page.iter("h1", "h2"), 3))
    return "\n".join(map(markup.spoken, heads))[:600]


def _challenge(signs: _Signs) -> str | None:
    if len(signs.text) > _SHORT:
        return None
    built = _CHALLENGE_MARKUP.search(signs.html) is not None
    if signs.tells and not built:
        return None
    words = _CHALLENGE.search(signs.heads) if built or len(signs.text) < 600 else None
    words = words or (_CHALLENGE.search(signs.text[:400]) if built or len(signs.text) < 250 else None)
    if words or (built and len(signs.text) < 200):
        said = f' ("{words[0]}")' if words else ""
        return f"a check for robots came instead of the page{said}"
    return None


def _consent(signs: _Signs) -> str | None:
    if len(signs.text) > _CONSENT_LIMIT or signs.tells:
        return None
    sentences = [part for part in _SENTENCE.findall(signs.text) if part.strip()]
    about = [part for part in sentences if _CONSENT.search(part)]
    share = sum(map(len, about)) / max(1, sum(map(len, sentences)))
    kinds = {found[0].lower() for found in _CONSENT.finditer(signs.text)}
    wall = len(kinds) >= 2 and share > 0.3
    if wall or (_CONSENT.search(signs.heads) and len(kinds) >= 2 and len(signs.text) < _SHORT):
        return f'a request for consent came instead of the page ("{sorted(kinds)[0]}")'
    return None


def _soft_404(signs: _Signs) -> str | None:
    words = _NOT_FOUND.search(signs.heads) or (len(signs.text) < 250 and _NOT_FOUND.search(signs.text))
    if words and len(signs.text) < _SHORT:
        return f'the page says that it does not exist ("{words[0]}")'
    return None


def _maintenance(signs: _Signs) -> str | None:
    words = _MAINTENANCE.search(signs.heads) or (len(signs.text) < 400 and _MAINTENANCE.search(signs.text))
    if words and len(signs.text) < _SHORT and not signs.tells:
        return f'the site is under maintenance ("{words[0]}")'
    return None


def _login(signs: _Signs) -> str | None:
    if signs.mail and len(signs.text) < 200 and _LOGIN.search(signs.heads):
        return "a login came instead of the page"
    if (
        signs.password
        and len(signs.text) < _SHORT
        and not signs.tells
        and _LOGIN.search(f"{signs.heads}\n{signs.text}")
    ):
        return "a login came instead of the page"
    return None


def _nobody(signs: _Signs) -> str | None:
    words = _NOBODY.search(signs.heads)
    if words and len(signs.text) < _SHORT and not signs.tells:
        return f'a page of the server itself came ("{words[0]}")'
    return None


def _sent_on(signs: _Signs) -> str | None:
    if len(signs.text) < 200 and _SENT_ON.search(signs.html[:20_000]):
        return "the page only sends its readers on to another, which is not followed"
    return None
