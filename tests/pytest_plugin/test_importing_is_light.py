"""A session that does not use the kit does not pay for it."""

from __future__ import annotations

import re
import subprocess
import sys

from inner_session import Project

HEAVY = {"kailash", "dataflow", "sqlalchemy", "httpx", "httpx2"}


def test_importing_the_plugin_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import kailash_testkit.pytest_plugin"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    imported = set(re.findall(r"\|\s+(\w+)\S*$", done.stderr, re.MULTILINE))
    assert "kailash_testkit" in imported
    assert not imported & HEAVY


def test_a_kit_imports_no_http_library_before_a_client_is_made() -> None:
    code = (
        "import sys, kailash_testkit.kit; print(sorted({'httpx', 'httpx2', 'kailash_testkit.kit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "['kailash_testkit.kit']"


def test_a_session_without_the_kits_settings_imports_nothing_heavy(project: Project) -> None:
    project.configure()
    project.write(
        {
            "test_plain.py": f"""
                import sys
                import pytest

                @pytest.fixture(scope="session")
                def wide():
                    return 1

                def test_plain(wide):
                    assert "kailash_testkit.pytest_plugin.session" in sys.modules

                async def test_async(wide):
                    pass

                def test_last():
                    assert not {HEAVY} & set(sys.modules)
            """
        }
    )
    project.run_anew("-o", "asyncio_mode=auto", "-p", "no:respx").assert_outcomes(passed=3)  # respx imports httpx
