"""The test that comes with a finding fails while the fault is there, and passes once it is mended."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from warm_python import WarmPython

pytestmark = pytest.mark.slow

Run = Callable[..., subprocess.CompletedProcess[str]]

APP = """
    import os
    from dataflow import DataFlow
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel, Field

    db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False)
    MENDED = bool(os.environ.get("MENDED"))

    @db.model
    class Order:
        id: int
        customer: str
        note: str = ""
        quantity: int = 1

    class OrderIn(BaseModel):
        customer: str = Field(min_length=1, max_length=40)
        note: str = Field("", max_length=100)
        quantity: int = Field(1, ge=0, le=100)

    class OrderChange(BaseModel):
        quantity: int = Field(0, ge=0, le=100)

    app = FastAPI()

    async def found(order_id):
        if not 0 < order_id < 2**31 and MENDED:
            raise HTTPException(404)
        row = await db.express.read("Order", str(order_id), cache_ttl=0)
        if row is None:
            raise HTTPException(404)
        return row

    @app.post("/orders", status_code=201)
    async def create(order: OrderIn):
        if order.quantity > 50 and MENDED:
            raise HTTPException(422, "too many")
        fields = order.model_dump()
        if not MENDED:
            fields["note"] = ""
        await db.express.create("Order", fields)
        if order.quantity > 50:
            raise HTTPException(422, "too many")
        rows = await db.express.list("Order", limit=1000, cache_ttl=0)
        return max(rows, key=lambda row: row["id"])

    @app.get("/orders/{order_id}")
    async def read(order_id: int):
        return await found(order_id)

    @app.patch("/orders/{order_id}")
    async def change(order_id: int, sent: OrderChange):
        await found(order_id)
        await db.express.update("Order", str(order_id), sent.model_dump(exclude_unset=MENDED))
        return await found(order_id)

    @app.delete("/orders/{order_id}", status_code=204)
    async def delete(order_id: int):
        await found(order_id)
        rows = await db.express.list("Order", limit=1000, cache_ttl=0)
        for row in rows:
            if row["id"] == order_id or not MENDED:
                await db.express.delete("Order", str(row["id"]))
"""

ANOTHER_PATH = """
    @app.get("/prices")
    async def prices():
        raise KeyError("prices")
"""

NO_RESULT_LOOKED_AT = """
    @app.post("/copies", status_code=201)
    async def copy():
        from kailash.runtime import AsyncLocalRuntime
        from kailash.workflow.builder import WorkflowBuilder

        workflow = WorkflowBuilder()
        workflow.add_node("OrderCreateNode", "copy", {"id": 1, "customer": "Ada"})
        async with AsyncLocalRuntime() as runtime:
            await runtime.execute_workflow_async(workflow.build(), {})
        return {}
"""

SETTINGS = """
    [pytest]
    pythonpath = .
    asyncio_mode = auto
    asyncio_default_fixture_loop_scope = session
    asyncio_default_test_loop_scope = session
    testkit_dataflow = shop:db
    testkit_app = shop:app
"""

EXPLORE = ("-m", "kailash_testkit.command_line", "explore", "--seconds", "600", "--no-failpoints")
"""The number of requests ends it, however busy the machine is."""

PYTEST = ("-m", "pytest", "-q", "-pno:cacheprovider", "-pno:randomly", "-pno:schemathesis", "tests")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(textwrap.dedent(APP))
    (tmp_path / "pytest.ini").write_text(textwrap.dedent(SETTINGS).lstrip())
    return tmp_path


@pytest.fixture
def run(project: Path, warm_python: WarmPython) -> Run:
    """Runs a command in the project, as long as it takes. more: environment variables."""

    def run(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")} | more
        return warm_python.start(*command, folder=project, environment=environment).wait(600)

    return run


def test_written_tests_fail_until_the_fault_is_mended(project: Path, run: Run) -> None:
    command = (*EXPLORE, "--requests", "300")
    found = run(*command, "--write", "tests/test_found.py", "--html", "found.html")
    assert found.returncode == 1, found.stderr
    for check in ("refusal-wrote", "sent-not-stored", "changed-unsent-column", "changed-another-row", "server-error"):
        assert f"{check}: " in found.stdout, found.stdout
    page = (project / "found.html").read_text()
    assert "POST /orders" in page
    assert "refusal-wrote" in page

    faulty = run(*PYTEST)
    tests = (project / "tests" / "test_found.py").read_text().count("async def test_")
    assert f"{tests} failed" in faulty.stdout, faulty.stdout
    mended = run(*PYTEST, MENDED="1")
    assert f"{tests} passed" in mended.stdout, mended.stdout

    again = run(*command, MENDED="1")
    assert again.returncode == 0, again.stdout


def test_a_baseline_accepts_what_is_known(run: Run) -> None:
    command = (*EXPLORE, "--requests", "60")
    known = ("--baseline", "known.json")
    first = run(*command, *known, "--update-baseline")
    assert first.returncode == 0, first.stderr
    second = run(*command, *known)
    assert second.returncode == 0, second.stdout
    assert "known" in second.stdout


def test_workers_share_the_paths(project: Path, run: Run) -> None:
    (project / "shop.py").write_text(textwrap.dedent(APP) + textwrap.dedent(ANOTHER_PATH))
    found = run(*EXPLORE, "--requests", "200", "--workers", "2")
    assert found.returncode == 1, found.stderr
    assert "refusal-wrote: POST /orders" in found.stdout
    assert "server-error: GET /prices" in found.stdout
    assert "to 5 operations" in found.stdout
    assert found.stdout.count("\n  DELETE /orders/{order_id}: ") == 1
    refused = run(*EXPLORE, "--workers", "2", "--operations", "POST /order")
    assert refused.returncode == 2
    assert "did you mean 'POST /orders'?" in refused.stderr


def test_the_command_hears_of_nodes_that_fail(project: Path, run: Run) -> None:
    (project / "shop.py").write_text(textwrap.dedent(APP) + textwrap.dedent(NO_RESULT_LOOKED_AT))
    found = run(*EXPLORE, "--requests", "10", "--operations", "POST /copies")
    assert "node-failed-silently: POST /copies answered 201" in found.stdout, found.stdout
    assert "UNIQUE constraint failed" not in found.stderr


def test_what_cannot_be_used_is_refused(run: Run) -> None:
    wrong = run(*EXPLORE, "--operations", "POST /order")
    assert wrong.returncode == 2
    assert "did you mean 'POST /orders'?" in wrong.stderr
    wrong = run(*EXPLORE, "--skip", "server-errors")
    assert wrong.returncode == 2
    assert "did you mean 'server-error'?" in wrong.stderr


def test_a_server_that_the_command_starts_is_explored(project: Path, run: Run) -> None:
    served = """
        import uvicorn
        from shop import app

        if __name__ == "__main__":
            import pathlib, sys
            pathlib.Path("served.txt").write_text(sys.argv[1])
            uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
    """
    listing = """
        @app.get("/orders")
        async def listed():
            return await db.express.list("Order", limit=1000, cache_ttl=0)
    """
    (project / "shop.py").write_text(textwrap.dedent(APP) + textwrap.dedent(listing))
    (project / "served.py").write_text(textwrap.dedent(served))
    python = shlex.quote(sys.executable)
    serve = f"{python} served.py {{port}}"

    found = run(*EXPLORE, "--requests", "100", "--serve", serve, "--operations", "POST /orders")
    assert found.returncode == 1, found.stderr
    assert "refusal-wrote: POST /orders answered 422" in found.stdout, found.stdout
    port = int((project / "served.txt").read_text())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--url", "http://127.0.0.1:1"), "--url without --serve"),
        (("--serve", "uvicorn shop:app"), "where does the server answer?"),
        (("--serve", "no-such-program {port}"), "no-such-program cannot be started"),
        (("--serve", f"{sys.executable} -c 'raise SystemExit({{port}} > 0)'"), "the server ended with exit code 1"),
        (("--serve", "uvicorn shop:app", "--url", "localhost"), "--url localhost: not the URL of a server"),
        (("--serve", "x", "--url", "http://127.0.0.1:1", "--workers", "2"), "each worker needs a server of its own"),
    ],
)
def test_a_server_that_cannot_be_explored_is_told(run: Run, arguments: tuple[str, ...], said: str) -> None:
    refused = run(*EXPLORE, *arguments)
    assert refused.returncode == 2, refused.stdout
    assert said in refused.stderr
