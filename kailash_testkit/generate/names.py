"""The names that a generated module gives to what belongs to a model; English plurals."""

from __future__ import annotations

import itertools
import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_IRREGULAR: Final = {
    "child": "children",
    "criterion": "criteria",
    "datum": "data",
    "foot": "feet",
    "goose": "geese",
    "leaf": "leaves",
    "life": "lives",
    "half": "halves",
    "knife": "knives",
    "man": "men",
    "medium": "media",
    "mouse": "mice",
    "person": "people",
    "phenomenon": "phenomena",
    "quiz": "quizzes",
    "shelf": "shelves",
    "thief": "thieves",
    "tooth": "teeth",
    "wife": "wives",
    "wolf": "wolves",
    "woman": "women",
}
_WITHOUT_PLURAL: Final = frozenset(
    {"equipment", "feedback", "fish", "information", "metadata", "money", "news", "series", "sheep", "software"}
    | {"species", "staff"}
)
_HEROES: Final = frozenset({"echo", "hero", "potato", "tomato", "veto"})
_SINGULARS: Final = {many: one for one, many in _IRREGULAR.items()}
_WORD_BREAK: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake(name: str) -> str:
    """
    >>> snake("OrderLine"), snake("HTTPRequest"), snake("audit_log")
    ('order_line', 'http_request', 'audit_log')
    """
    return _WORD_BREAK.sub("_", name).lower()


def plural(word: str) -> str:
    """
    >>> plural("order"), plural("category"), plural("address"), plural("person"), plural("news")
    ('orders', 'categories', 'addresses', 'people', 'news')
    """
    if word in _WITHOUT_PLURAL:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("sis"):
        return f"{word[:-2]}es"
    if word.endswith(("s", "x", "z", "ch", "sh")) or word in _HEROES:
        return f"{word}es"
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}s"


def singular(word: str) -> str:
    """
    >>> singular("orders"), singular("addresses"), singular("status"), singular("people"), singular("cases")
    ('order', 'address', 'status', 'person', 'case')
    """
    if word in _WITHOUT_PLURAL or word in _IRREGULAR:
        return word
    if word in _SINGULARS:
        return _SINGULARS[word]
    options = [word[:-1]] if re.search(r"[^suia]s$", word) else []
    if re.search(r"(ss|us|x|z|ch|sh|o)es$", word):
        options.insert(0, word[:-2])
    if word.endswith("ies"):
        options.insert(0, f"{word[:-3]}y")
    if word.endswith("yses"):
        options.insert(0, f"{word[:-2]}is")
    return next((option for option in options if plural(option) == word), word)


@dataclass(frozen=True)
class Names:
    """The names for one model: classes begin with ``stem``; ``handle`` is the ready-made factory."""

    model: str
    stem: str
    handle: str
    create: str
    create_many: str
    build: str

    def of(self, kind: str) -> str:
        """The name of a class or an alias: ``names.of("Row")``."""
        return f"{self.stem}{kind}"

    @property
    def all(self) -> frozenset[str]:
        """Every name, so that no other may be the same."""
        classes = {self.of(kind) for kind in KINDS}
        return frozenset(classes | {self.handle, self.create, self.create_many, self.build})


KINDS: Final = ("Fields", "Filter", "Expected", "Column", "Sorting", "Row", "Factory")


def choose_names(models: Iterable[str]) -> tuple[dict[str, Names], list[str]]:
    """The names for each model, all different, and notes on those that a reader would not guess."""
    chosen: dict[str, Names] = {}
    notes: list[str] = []
    taken: set[str] = set(keyword.kwlist)
    for model in sorted(models):
        candidates = (_names(model, number) for number in itertools.count(1))
        names = next(candidate for candidate in candidates if not candidate.all & taken)
        first = _names(model, 1)
        if names != first:
            others = sorted(one.model for one in chosen.values() if one.all & first.all)
            also = " and ".join(others) or "Python"
            notes.append(f"{model}: {names.handle}, {names.of('Row')} and so on, because {also} has the other names.")
        else:
            notes += _note(names)
        chosen[model] = names
        taken |= names.all
    return chosen, notes


def _names(model: str, number: int) -> Names:
    stem = "".join(part[:1].upper() + part[1:] for part in model.split("_"))
    if stem.startswith("Test"):
        stem = f"The{stem}"  # pytest would take a class of that name for tests
    head, _, last = snake(model).rpartition("_")
    head = f"{head}_" if head else ""
    one, many = f"{head}{singular(last)}", f"{head}{plural(singular(last))}"
    if number > 1:
        stem, one, many = f"{stem}{number}", f"{one}_{number}", f"{many}_{number}"
    several = f"many_{many}" if one == many else many
    return Names(model, stem, many, f"create_{one}", f"create_{several}", f"build_{one}")


def _note(names: Names) -> list[str]:
    one = names.create.removeprefix("create_")
    word = one.rpartition("_")[2]
    regular = names.handle == f"{one}s" and snake(names.model) == one
    if word in _WITHOUT_PLURAL:
        return [f"{names.model}: {names.handle}; several rows are made by {names.create_many}."]
    if word in _IRREGULAR or (not regular and snake(names.model) != one):
        return [f"{names.model}: {names.handle}; one row is made by {names.create}."]
    if names.stem.startswith("TheTest"):
        return [f"{names.model}: {names.of('Row')} and so on, because pytest would collect a class Test..."]
    return []
