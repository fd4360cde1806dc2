"""What each partition is told of a configuration: its own projects, in parts that fit an inbox record.

Pure. Not here: when it is told (`clock.py`).
"""

from __future__ import annotations

from schemas import records
from schemas.codec import encode
from schemas.configuration import Configuration, PartitionConfiguration, pack
from schemas.records import Frame
from schemas.topics import partition_of

MAX_PART_BYTES = 512 * 1024
"""Of an inbox record (DESIGN section 1)."""


def own_configuration(configuration: Configuration, partition: int, partitions: int) -> PartitionConfiguration:
    """Give a partition's own projects, and the status page's components of these."""
    own = {name: project for name, project in configuration.projects.items() if partition_of(name, partitions) == partition}
    page = configuration.status_page
    return PartitionConfiguration(projects=own, components=[one for one in page.components if one.project in own] if page else [])


def build_frames(
    version: int, configuration: Configuration, partition: int, partitions: int, part_bytes: int = MAX_PART_BYTES
) -> list[bytes]:
    """Build the inbox records that bring a partition its configuration, in order; at least one, if only to say: nothing."""
    content = pack(own_configuration(configuration, partition, partitions))
    parts = [content[start : start + part_bytes] for start in range(0, len(content), part_bytes)]
    return [encode(Frame([records.Configuration(version, number, len(parts), part)])) for number, part in enumerate(parts)]
