"""What each partition is told of a configuration."""

from __future__ import annotations

from random import Random

from producers.clock.distribution import build_frames, own_configuration
from schemas import records
from schemas.codec import decode
from schemas.configuration import Component, Configuration, PartitionConfiguration, Project, StatusPage, pack, unpack_partition
from schemas.records import Frame
from schemas.topics import partition_of

PARTITIONS = 4
SHOP, BANK = Project(title="Shop"), Project(title="Bank")


def test_partition_is_told_its_own_projects_and_their_components() -> None:
    assert partition_of("shop", PARTITIONS) != partition_of("bank", PARTITIONS)
    checkout = Component(id="checkout", name="Checkout", project="shop")
    page = StatusPage(title="T", url="http://s", components=[checkout, Component(id="cards", name="Cards", project="bank")])
    whole = Configuration(projects={"shop": SHOP, "bank": BANK}, status_page=page)
    own = own_configuration(whole, partition_of("shop", PARTITIONS), PARTITIONS)
    assert own == PartitionConfiguration(projects={"shop": SHOP}, components=[checkout])


def test_every_project_goes_to_exactly_one_partition() -> None:
    whole = Configuration(projects={f"p{number}": SHOP for number in range(50)})
    told = [name for partition in range(PARTITIONS) for name in own_configuration(whole, partition, PARTITIONS).projects]
    assert sorted(told) == sorted(whole.projects)


def test_partition_without_projects_still_hears_of_the_version() -> None:
    (frame,) = build_frames(7, Configuration(), 0, PARTITIONS)
    expected = records.Configuration(7, 0, 1, pack(PartitionConfiguration()))
    assert decode(frame, Frame) == Frame([expected])


def test_large_configuration_goes_in_parts_that_join_to_the_whole() -> None:
    text = Random(1).randbytes(2000).hex()
    whole = Configuration(projects={"shop": Project(title=text)})
    frames = build_frames(3, whole, partition_of("shop", PARTITIONS), PARTITIONS, part_bytes=1000)
    parts = [item for frame in frames for item in decode(frame, Frame).items if isinstance(item, records.Configuration)]
    assert [(part.version, part.part, part.parts) for part in parts] == [
        (3, number, len(frames)) for number in range(len(frames))
    ]
    assert len(frames) > 1
    assert max(len(part.content) for part in parts) <= 1000
    assert unpack_partition(b"".join(part.content for part in parts)).projects == whole.projects
