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


SHAPES = """
    import pytest
    from kailash_testkit.models.enums import Misfit
    from kailash_testkit.models.rows import Row

    ROW = Row("Order", {"id": 1, "status": "open"}, {"status": Misfit("no member is stored so", "store 'OPEN'")})

    @pytest.fixture(scope="module")
    def broken():
        assert ROW.matches(id=1, status="paid")

    def test_no_rows():
        assert [1, 2] == [1, 3]

    def test_longer_left():
        assert [ROW, ROW] == [ROW]

    def test_longer_right():
        assert [ROW] == [ROW, Row("Order", {"id": 2})]

    def test_other_model():
        assert ROW == Row("Item", {"id": 1, "status": "open"})

    def test_no_row():
        assert ROW == 5

    def test_other_columns():
        assert ROW == {"id": 1, "state": "open"}

    def test_first(broken):
        pass

    def test_second(broken):
        pass
"""


def test_what_cannot_be_compared_by_column_says_why(shop: Project) -> None:
    shop.write({"tests/test_rows.py": SHAPES})
    outcome = shop.run()
    no_rows = outcome.error("test_no_rows")
    assert "rows ==" not in no_rows
    assert "At index 1 diff: 2 != 3" in no_rows
    assert "E         only on the left: Order(id=1, status='open' (no member))" in outcome.error("test_longer_left")
    assert "E         only on the right: Order(id=2)" in outcome.error("test_longer_right")
    assert "E         Order is another model than Item" in outcome.error("test_other_model")
    assert "E         Order(id=1, status='open' (no member)) != 5" in outcome.error("test_no_row")
    columns = outcome.error("test_other_columns")
    assert "E         status: only on the left" in columns
    assert "E         state: only on the right" in columns


def test_a_failure_of_two_tests_is_explained_once_in_each(shop: Project) -> None:
    shop.write({"tests/test_rows.py": SHAPES})
    outcome = shop.run()
    for name in ("first", "second"):
        error = outcome.error(f"ERROR at setup of test_{name}")
        assert error.count("does not match: Order 1") == 1
        assert error.count("status: expected 'paid', is 'open'") == 1
        assert "id: expected" not in error
        assert "why: no member is stored so" in error
        assert "do:  store 'OPEN'" in error
