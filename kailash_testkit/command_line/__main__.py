"""``python -m kailash_testkit.command_line``: the command where its script is not installed."""

import sys

from kailash_testkit.command_line.main import main

sys.exit(main())
