"""Addresses as they are shown."""

from __future__ import annotations

import pytest

from tocsin.masked import masked


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ada:S3cr3t@db:5432/x", "postgresql://ada:***@db:5432/x"),
        ("postgresql://ada:S3@cr3t@db/x", "postgresql://ada:***@db/x"),
        ("postgresql://ada@db/x?password=S3cr3t&sslmode=require", "postgresql://ada@db/x?password=***&sslmode=require"),
        ("host=db user=ada password='S3 cr3t' dbname=x", "host=db user=ada password=*** dbname=x"),
        ("host=db password = S3cr3t sslpassword=S3cr3t", "host=db password = *** sslpassword=***"),
        ("postgresql:///postgres?host=/run/x", "postgresql:///postgres?host=/run/x"),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_its_passwords(url: str, shown: str) -> None:
    assert masked(url) == shown
