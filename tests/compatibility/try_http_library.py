"""``make test-httpx2``: the tests of the client with httpx and with httpx2, and their rows in the table.

    PYTHONPATH=tests:tests/docs python tests/compatibility/try_http_library.py [ARGUMENT ...]

Both are installed where it runs. The arguments are pytest's, such as ``-n 3``.
"""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import tables
from doc_blocks import ROOT, clean_environment

_TESTS = ("tests/asgi", "tests/client", "tests/test_http_library.py")


def main(arguments: list[str]) -> int:
    rows, codes = [], []
    for name in ("httpx", "httpx2"):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *_TESTS, *arguments],
            cwd=ROOT,
            env={**clean_environment(), "TESTKIT_HTTPX": name},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        print(done.stdout[-4000:], flush=True)
        rows.append(tables.run_row(name, metadata.version(name), tables.closing_words(done.stdout)))
        codes.append(done.returncode)
    tables.write("http libraries", rows)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
