"""Each attack on the database is undone, or named, or refused: not one is silent, and the next test starts clean.

The judge is a fingerprint that shares no code with the kit's.
"""

from __future__ import annotations

import re

import pytest
from _pytest.mark import ParameterSet
from attack import Attack, Verdict
from attack_lists import KINDS
from database_kinds import kinds_of
from target import Target


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "attack" in metafunc.fixturenames:
        kinds = kinds_of(metafunc, [*dict.fromkeys(name.split()[0] for name in KINDS)])
        lists = [name for name in KINDS if name.split()[0] in kinds]
        usual = [
            case(name, attack, slow="sqlite" not in name or place % 3 > 0)
            for name in lists
            for place, attack in enumerate(KINDS[name].attacks)
        ]
        slow = [case(name, attack, slow=True) for name in lists for attack in KINDS[name].slow]
        metafunc.parametrize(("attacked_kind", "attack"), usual + slow)


def case(kind: str, attack: Attack, *, slow: bool) -> ParameterSet:
    """slow: on servers all are, on SQLite two of three; what they try is in the tests of each kind as well."""
    marks = [pytest.mark.slow] * slow
    return pytest.param(kind, attack, marks=marks, id=f"{kind}: {attack.name}, {attack.verdict}")


def judged(target: Target, attack: Attack) -> tuple[Verdict, str]:
    """What comes of an attack, and the words."""
    try:
        target.suffer(attack)
    except Exception as error:  # whatever a driver raises
        refusal = f"{type(error).__name__}: {error}"
        target.end_test()
        return "refused", refusal
    if attack.verdict == "undone":
        assert target.fingerprint() != target.clean, "the attack changes nothing that the judge sees"
    try:
        target.end_test()
    except Exception as error:
        return "named", f"{type(error).__name__}: {error}"
    return "undone", ""


@pytest.mark.databases
def test_attack(target: Target, attack: Attack) -> None:
    verdict, words = judged(target, attack)
    assert (verdict, bool(re.search(attack.says, words))) == (attack.verdict, True), words
    assert target.fingerprint() == target.clean
    # The next test's rows are undone as ever.
    target.sql(*target.rows_of_next_test)
    assert target.fingerprint() != target.clean
    target.end_test()
    assert target.fingerprint() == target.clean
