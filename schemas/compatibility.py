"""Whether old readers read new records and new readers old ones; checked with the official `avro` library.

`python -m schemas.compatibility` prints what is wrong and exits 1. Not here: reading records (`codec.py`).
"""

from __future__ import annotations

import sys

import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

from schemas.codec import SCHEMA_FILES, load_published, load_text


def problems(current: str, published: list[str], name: str) -> list[str]:
    """Compare a schema with each of its earlier forms, both ways; say where one cannot read the other."""
    now = avro.schema.parse(current)
    found = []
    for place, text in enumerate(published, 1):
        then = avro.schema.parse(text)
        for reader, writer, what in ((now, then, "does not read"), (then, now, "is not read by")):
            result = ReaderWriterCompatibilityChecker().get_compatibility(reader, writer)  # type: ignore[no-untyped-call]
            if result.compatibility is not SchemaCompatibilityType.compatible:
                found.append(
                    f"{name}: the current schema {what} its published form {place}: {'; '.join(sorted(result.messages))}"
                )
    return found


def all_problems() -> list[str]:
    """Compare every schema with all that was published of it."""
    published = load_published()
    return [line for name in SCHEMA_FILES.values() for line in problems(load_text(name), published[name], name)]


if __name__ == "__main__":
    found = all_problems()
    print("\n".join(found) or f"{len(SCHEMA_FILES)} schemas read and are read by all that was published of them")
    sys.exit(1 if found else 0)
