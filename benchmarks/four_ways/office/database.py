"""The one DataFlow of the application, at the URL that its environment names."""

import os
from typing import Any

from office.models import make_db

db: Any = make_db(os.environ["OFFICE_DATABASE_URL"])
