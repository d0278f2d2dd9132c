"""Each example of a Hypothesis test starts from the state that the test's fixtures left."""

from __future__ import annotations

import pytest
from inner_session import Project

PROPERTIES = """
    from hypothesis import given, settings, strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
    from kailash_testkit import Factory
    from shop.models import Item, db

    items = Factory(Item)
    some = settings(max_examples=5, deadline=None, database=None)
    names = st.text("abc", min_size=1, max_size=5)

    @some
    @given(name=names)
    def test_sync(kit, name):
        items.create_sync(name=name)
        assert items.count_sync() == 1

    @some
    @given(name=names)
    async def test_async(kit, name):
        assert (await items.create()).id == 1
        assert await items.count() == 1

    @some
    @given(name=names)
    async def test_requests(api, name):
        assert api.cookies.get("seen") is None
        api.cookies.set("seen", name)
        await api.expect(201).post("/items", json={"name": name})
        assert await items.count() == 1

    @some
    @given(name=names)
    async def test_without_a_fixture_of_the_kit(name):
        await items.create(name=name)
        assert await items.count() == 1

    @some
    @given(name=names)
    async def test_schema_changes(kit, name):
        await db.express.create("Item", {"name": name})
        import os, sqlite3
        with sqlite3.connect(os.environ["DATABASE_URL"].removeprefix("sqlite:///")) as connection:
            connection.execute("CREATE TABLE further (n)")
        connection.close()
        assert await items.count() == 1

    def test_a_property_within_a_test(kit):
        items.create_sync(name="before")

        @some
        @given(names)
        def holds(name):
            items.create_sync(name=name)
            assert items.count_sync() == 2

        holds()
        items.create_sync(name="between")
        counts = []

        @some
        @given(names)
        def holds_too(name):
            items.create_sync(name=name)
            counts.append(items.count_sync())

        holds_too()
        assert set(counts) == {4}  # before, the last example of the first property, between, and its own
        kit.reset_sync()
        assert items.count_sync() == 0

    def test_an_example_that_resets(kit):
        @some
        @given(st.integers(1, 3))
        def holds(n):
            kit.reset_sync()
            items.create_many_sync(n)
            assert items.count_sync() == n

        holds()

    class Machine(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.expected = 0

        @rule()
        def add(self):
            items.create_sync()
            self.expected += 1

        @invariant()
        def agrees(self):
            assert items.count_sync() == self.expected

    TestMachine = Machine.TestCase
    TestMachine.settings = settings(max_examples=5, stateful_step_count=4, deadline=None, database=None)

    def test_a_machine_run_by_hand(kit):
        run_state_machine_as_test(Machine, settings=TestMachine.settings)

    def test_nothing_is_left(kit):
        assert items.count_sync() == 0
"""


OF_FIXTURES = """
    import pytest
    from hypothesis import HealthCheck, example, given, settings, strategies as st
    from kailash_testkit import Factory
    from shop.models import Item

    items = Factory(Item)
    some = settings(max_examples=5, deadline=None, database=None)
    names = st.text("abc", min_size=1, max_size=5)

    @pytest.fixture(scope="module")
    def of_module(kit):
        return items.create_sync(name="of the module")

    @pytest.fixture
    def of_test(kit):
        return items.create_sync(name="of the test")

    @some
    @given(name=names)
    @example(name="explicit")
    def test_explicit_examples(of_module, name):
        assert items.count_sync() == 1
        items.delete_sync(of_module.id)
        items.create_sync(name=name)
        assert items.count_sync() == 1

    @settings(some, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(name=names)
    def test_rows_of_the_tests_own_fixtures_stay(of_module, of_test, name):
        assert items.count_sync() == 2
        items.update_sync(of_test.id, name=name)

    def test_nothing_is_left(of_module):
        assert items.count_sync() == 1
"""


@pytest.mark.slow
def test_each_example_starts_where_the_fixtures_ended(shop: Project) -> None:
    shop.write({"test_properties.py": PROPERTIES, "test_rows_of_fixtures.py": OF_FIXTURES})
    shop.run("--testkit-verify").assert_outcomes(passed=13)


COUNTEREXAMPLE = """
    from hypothesis import given, settings, strategies as st
    from kailash_testkit import Factory
    from shop.models import Item

    items = Factory(Item)

    @settings(max_examples=50, deadline=None, database=None, derandomize=True)
    @given(n=st.integers(1, 9))
    def test_fewer_than_three(kit, n):
        items.create_many_sync(n)
        assert items.count_sync() < 3
"""


@pytest.mark.slow
def test_the_smallest_counterexample_is_the_true_one(shop: Project) -> None:
    """A failing example leaves its rows; those would make every later example fail, and shrink to n=1."""
    shop.write({"test_counterexample.py": COUNTEREXAMPLE})
    outcome = shop.run()
    outcome.result.assert_outcomes(failed=1)
    assert "n=3," in outcome.output


UNKNOWN = """
    import hypothesis.core
    hypothesis.core.StateForActualGivenExecution = None

    def test_goes_on(kit):
        pass
"""


def test_another_way_of_running_examples_is_not_passed_over_in_silence(shop: Project) -> None:
    shop.write({"test_unknown.py": UNKNOWN})
    outcome = shop.run("-W", "default")
    outcome.result.assert_outcomes(passed=1, warnings=1)
    outcome.result.stdout.fnmatch_lines(["*cannot take back the rows of single Hypothesis examples*"])
