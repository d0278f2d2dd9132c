"""Failed assertions on rows say which columns differ."""

from __future__ import annotations

from inner_session import Project

TESTS = """
    import pytest
    from kailash_testkit.models.rows import Row

    ROW = Row("Order", {"id": 1, "status": "open", "lines": [1, 2], "password": "hunter2-x"})

    def test_equal():
        assert ROW == {"id": 1, "status": "paid", "lines": [1, 3], "password": "other-pw"}

    def test_rows():
        assert [ROW, ROW] == [ROW, Row("Order", {"id": 2, "status": "open", "lines": [1, 2], "password": "hunter2-x"})]

    def test_matches():
        ROW.matches(status="late")
        assert ROW.matches(
            status="paid", lines=[1, 3])

    def test_another_assertion():
        assert not ROW.matches(status="paid")
        assert ROW.id == 2
"""


def test_each_differing_column_is_named(shop: Project) -> None:
    shop.write({"tests/test_rows.py": TESTS})
    output = shop.run().output
    assert "E       AssertionError: assert Order 1 == dict" in output
    assert "E         status: 'open' != 'paid'" in output
    assert "E         lines[1]: 2 != 3" in output
    assert "E         password: ***(" in output
    assert "E           id: 1 != 2" in output
    assert "does not match: Order 1" in output
    assert "status: expected 'paid', is 'open'" in output
    assert "lines[1]: expected 3, is 2" in output
    assert "late" not in output.replace('matches(status="late")', "")
    assert output.count("does not match: ") == 1
