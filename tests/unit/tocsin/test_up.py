"""What `tocsin up` says before it has started anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import Unavailable
from schemas.settings import Settings
from tocsin import up


def test_a_data_directory_that_cannot_be_written_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to("/dev/full")  # neither followed nor written to
    with pytest.raises(Unavailable, match=f"the data directory {tmp_path} cannot be used: .*symbolic links"):
        up.run(Settings(data=tmp_path))
