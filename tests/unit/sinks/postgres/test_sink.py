from __future__ import annotations

import pytest

from schemas.errors import OperatorError
from schemas.settings import Settings
from sinks.postgres.sink import build


def test_a_retention_of_less_than_a_day_is_refused() -> None:
    with pytest.raises(OperatorError, match="TOCSIN_RETENTION is 0"):
        build(Settings(database_url="postgresql://nowhere", retention=0))
