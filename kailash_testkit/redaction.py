"""The one rule that keeps secrets out of all that the kit shows: by the name of a field, by the shape of a value.

`masked` and `fields` are for values with a name, `redact` for text of others: exceptions, logs, bodies. What a test may
have to compare is shown with a fingerprint, ``***(a1f3)``: equal for equal values, of use to nobody after the run. Who
formats a message passes values through here; code that asks for a value gets the value.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, cast

from kailash_testkit.secret_names import NOT, STRONG, WEAK, certainty_of

MASK: Final = "***"
_KEY: Final = secrets.token_bytes(32)  # of this run: without it a fingerprint cannot be searched for its value
_SHORTEST: Final = 6  # a shorter value is in too many texts by chance


# Too common before a colon in prose: "foreign key: ...".
_PROSE: Final = frozenset(("key", "keys", "session", "card", "refresh", "hash", "auth", "pass", "signature"))
_NO_VALUE: Final = frozenset({"none", "null", "true", "false", '""', "''"})

# Repetitions are bounded: a long text must not take quadratic time.
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_URL_PASSWORD = re.compile(
    r"(?P<head>://[^:/@\s]{0,200}):(?!\d{1,5}(?:[/?#\s]|$))"
    r"(?:[^\n]{0,300}?@(?=[\w.\[\]-]{1,200}(?::\d{1,5}(?!\w)|[/?]|$))|\S{0,500}@)"
)
_SHAPES: Final = (
    re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,20000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)"),
    re.compile(r"\beyJ[\w-]{4,}\.[\w-]{2,}(?:\.[\w-]*)?"),
    re.compile(r"\b(?:whsec_[\w+/=-]{4,}|(?:sk|rk)[_-][\w-]{8,}|gh[opsu]_\w{8,}|glpat-[\w-]{8,}|xox[abprs]-[\w-]{8,})"),
    re.compile(r"\b[Bb](?:earer|EARER)\s+[\w.~+/=-]{4,}"),
    re.compile(r"\b[Bb]asic\s+(?=[\w+/=-]*[\dA-Z=])[\w+/=-]{4,}"),
)
_NAME = re.compile(
    r"""(?P<head>(?<![\w.])(?P<name>[A-Za-z][\w.-]{0,60})\\?["']?\]?\s{0,9}(?P<sign>=>|[:=])\s{0,9})(?=\S)"""
)
_QUOTED: Final = r"""[bru]?(?:\\?"[^"\n]{0,20000}"?|\\?'[^'\n]{0,20000}'?)"""
_VALUE = re.compile(
    rf"""{_QUOTED}|[^\s,;&"'{{}}()\[\]]{{1,20000}}|Decimal\([^)\n]{{1,200}}\)"""
    rf"""|[(\[]\s?{_QUOTED}[^)\]\n]{{0,20000}}[)\]]?"""  # of several
    rf"""|\{{["']\$\w{{1,20}}["']: [^}}\n]{{0,20000}}\}}?"""  # a filter: {{'$eq': ...}}
)
_KEY_IS = re.compile(r"\bKey \((?P<names>[\w\", ]{1,300})\)=\((?P<values>.{0,2000}?)\)(?= |$)")
_DUPLICATE = re.compile(r"Duplicate entry '(?P<value>.{0,2000}?)' for key '(?P<key>[^']{0,200})'")
_WHOLE_ROW = re.compile(r"(?P<head>Failing row contains |\[parameters: )[^\n]*")
_PART = re.compile(
    r"""form-data; name="(?P<name>[^"\n]{1,200})"(?:\r?\n[\w-]{1,40}:[^\n]{0,200})?"""
    r"""(?:\r?\n){1,2}(?P<value>[^\r\n]{1,2000})"""
)
_INPUT = re.compile(
    r"(?m)^(?P<head>(?P<name>[\w.]{1,200})\n[^\n]{0,500}?input_value=)(?P<value>.{0,500}?)(?=, input_type=)"
)


@dataclass(frozen=True)
class Rule:
    """What counts as a secret in this run.

    enabled: False shows everything. names: further fields, as the user wrote them.
    """

    enabled: bool = True
    names: frozenset[str] = frozenset()


_rule = Rule()
_added: frozenset[str] = frozenset()
_classified: dict[str, frozenset[str]] = {}


def configure(rule: Rule) -> Rule:
    """Makes a rule the one of this process; returns the one before."""
    global _rule, _added
    before, _rule, _added = _rule, rule, frozenset(map(_flat, rule.names))
    return before


def is_enabled() -> bool:
    """Whether anything is masked."""
    return _rule.enabled


def classify(model: str, names: Iterable[str]) -> None:
    """Fields that a model declares to be confidential."""
    _classified[model] = frozenset(names)


def is_secret(name: str, model: str | None = None) -> bool:
    """Whether a field of that name holds secrets.

    >>> [is_secret(name) for name in ("api_key", "primary_key", "sessionId", "token_count", "pinned")]
    [True, False, True, False, False]
    """
    return _certainty(name, model) > NOT


class Masked:
    """Stands for a secret in messages. Its fingerprint shows whether two are the same."""

    __slots__ = ("_fingerprint",)

    def __init__(self, value: object) -> None:
        text = repr(value).encode("utf-8", "replace")  # as the value would be shown: "1" differs from 1
        self._fingerprint = hashlib.blake2s(text, key=_KEY, digest_size=2).hexdigest()

    def __repr__(self) -> str:
        return f"{MASK}({self._fingerprint})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Masked) and self._fingerprint == other._fingerprint

    def __hash__(self) -> int:
        return hash(self._fingerprint)


def masked(name: str, value: object, model: str | None = None) -> object:
    """What to show of a value: itself, a `Masked`, or a copy with what is secret in it masked.

    >>> masked("status", "paid"), masked("password", None), masked("note", "via http://ada:pw@host/")
    ('paid', None, 'via http://ada:***@host/')
    """
    return _masked(value, _certainty(name, model)) if _rule.enabled else value


def fields(values: Mapping[str, object], model: str | None = None) -> dict[str, object]:
    """`masked` for all values of a row or a call; what repeats a secret of them under another name is masked, too."""
    shown = {name: masked(name, value, model) for name, value in values.items()}
    known = secrets_in(values, model)
    if not known:
        return shown
    return {
        name: without(value, known, _fingerprint) if isinstance(value, str) else value for name, value in shown.items()
    }


def secrets_in(values: Mapping[str, object], model: str | None = None) -> frozenset[str]:
    """The texts among the values, and in what they hold, that are secret by their name."""
    return frozenset(value for value in _secrets_in(values, NOT, model) if len(value) >= _SHORTEST)


def _secrets_in(value: object, certainty: int, model: str | None) -> Iterator[str]:
    if isinstance(value, str) and certainty:
        yield value
    elif isinstance(value, Mapping):
        for name, entry in cast("Mapping[object, object]", value).items():
            yield from _secrets_in(entry, _certainty(str(name), model), model)
    elif isinstance(value, list | tuple):
        for item in cast("Sequence[object]", value):
            yield from _secrets_in(item, certainty, model)


def without(text: str, known: Iterable[str], mask: Callable[[str], str] = lambda secret: MASK) -> str:
    """``text`` without these secrets."""
    longest_first = sorted(known, key=lambda value: (-len(value), value))
    if not longest_first or not _rule.enabled:
        return text
    return re.sub(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", lambda match: mask(match[0]), text)


def redact(text: str, known: Iterable[str] = ()) -> str:
    """``text`` that somebody else wrote, without ANSI colour codes and without secrets.

    known: secrets that it may repeat.

    >>> redact("\\x1b[91mno\\x1b[0m way to postgresql://ada:secret@host/db")
    'no way to postgresql://ada:***@host/db'
    """
    return without(scrub(_ANSI.sub("", text)), known).strip()


def scrub(text: str, mask: Callable[[str], str] = lambda secret: MASK) -> str:
    """``text`` with what looks like a secret masked: passwords of URLs, keys by their shape, ``name=value``."""
    if not _rule.enabled:
        return text
    text = _URL_PASSWORD.sub(rf"\g<head>:{MASK}@", text)
    for shape in _SHAPES:
        text = shape.sub(lambda match: mask(match[0]), text)
    text = _WHOLE_ROW.sub(rf"\g<head>{MASK}", text)
    text = _KEY_IS.sub(lambda match: _instead(match, "values", match["names"]), text)
    text = _DUPLICATE.sub(lambda match: _instead(match, "value", match["key"]), text)
    text = _PART.sub(lambda match: _instead(match, "value", match["name"]), text)
    text = _INPUT.sub(lambda match: _instead(match, "value", match["name"]), text)
    return _without_pairs(text)


def _instead(match: re.Match[str], group: str, names: str) -> str:
    """The match with a group masked, if one of the names in a text means a secret."""
    if not any(_certainty_in_text(name) for part in re.split(r"[\s,.\"]+", names) for name in (part, *part.split("_"))):
        return match[0]
    start = match.start()
    return match[0][: match.start(group) - start] + MASK + match[0][match.end(group) - start :]


def _without_pairs(text: str) -> str:
    parts: list[str] = []
    known: set[str] = set()  # what is secret by its name here is so in the rest of the text, too
    at = 0
    while (name := _NAME.search(text, at)) is not None:
        parts.append(text[at : name.end()])
        at = name.end()
        certainty = _certainty_in_text(name["name"].rpartition(".")[2])
        value = _VALUE.match(text, at) if certainty else None
        if value is not None and _is_pair_secret(name, value, certainty):
            parts.append(MASK)
            at = value.end()
            if value[0][-1:] in ("'", '"') and len(value[0]) > _SHORTEST + 1:
                known.add(value[0].lstrip("bru\\").strip("\"'"))
    return without("".join([*parts, text[at:]]), known)


def _certainty_in_text(name: str) -> int:
    """Where no model is known: what any model declares to be confidential counts."""
    return STRONG if any(name in names for names in _classified.values()) and _rule.enabled else _certainty(name)


def _is_pair_secret(name: re.Match[str], value: re.Match[str], certainty: int) -> bool:
    text = value[0]
    if text.startswith(MASK) or text.lower() in _NO_VALUE or (certainty == WEAK and text.isdigit()):
        return False
    if name["sign"] == ":" and not text.lstrip("bru\\").startswith(("'", '"')):
        line_end = value.string.find("\n", value.end())
        rest = value.string[value.end() : line_end if line_end >= 0 else None]
        return name["name"].lower() not in _PROSE and MASK not in rest  # a line of the kit's own has its masks already
    return True


def _masked(value: object, certainty: int) -> object:
    if certainty == STRONG and isinstance(value, Mapping | list | tuple | set | frozenset):
        return Masked(cast("object", value)) if value else cast("object", value)
    if isinstance(value, Mapping):
        entries = cast("Mapping[object, object]", value)
        return {key: _masked(entry, _certainty(str(key))) for key, entry in entries.items()}
    if isinstance(value, list):
        return [_masked(item, certainty) for item in cast("list[object]", value)]
    if isinstance(value, tuple):
        return tuple(_masked(item, certainty) for item in cast("tuple[object, ...]", value))
    if certainty and _can_be_secret(value, certainty):
        return Masked(value)
    return scrub(value, _fingerprint) if type(value) is str else value


def _fingerprint(secret: str) -> str:
    return repr(Masked(secret))


def _can_be_secret(value: object, certainty: int) -> bool:
    """Not a flag, a moment, a member of an Enum or a matcher."""
    if isinstance(value, bool) or not value:
        return False
    if isinstance(value, int | float | Decimal):
        return certainty == STRONG
    return type(value) in (str, bytes, bytearray, uuid.UUID) or (isinstance(value, str) and not hasattr(value, "name"))


def _flat(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _certainty(name: str, model: str | None = None) -> int:
    if not _rule.enabled:
        return NOT
    if model is not None and name in _classified.get(model, ()):
        return STRONG
    if _added and _flat(name) in _added:
        return STRONG
    return certainty_of(name)
