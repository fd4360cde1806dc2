"""The SBOM: valid, complete, and the same each time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from deploy import sbom

PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)", re.MULTILINE)
Bill = dict[str, Any]


@pytest.fixture(scope="module")
def bill() -> Bill:
    return sbom.build()


def locked() -> dict[str, set[str]]:
    """Give the hashes of each package of the lock, by its purl."""
    blocks = re.split(r"\n(?=\S)", sbom.LOCK.read_text())
    pins = {f"pkg:pypi/{pin['name']}@{pin['version']}": block for block in blocks if (pin := PIN.match(block))}
    return {purl: set(re.findall(r"--hash=sha256:(\w+)", block)) for purl, block in pins.items()}


def hashes_of(component: Bill) -> set[str]:
    places = [component, *component.get("externalReferences", [])]
    return {one["content"] for place in places for one in place.get("hashes", [])}


def test_sbom_is_valid_by_the_schema_of_cyclonedx(bill: Bill) -> None:
    assert sbom.problem_of(sbom.render(bill)) is None


def test_sbom_that_breaks_the_schema_is_told_so(bill: Bill) -> None:
    broken = {**bill, "components": [{"type": "no such type", "name": "x"}]}
    assert "no such type" in (sbom.problem_of(sbom.render(broken)) or "")


def test_sbom_names_each_package_of_the_lock_with_its_version_and_hashes(bill: Bill) -> None:
    named = {one["purl"]: hashes_of(one) for one in bill["components"] if one["purl"].startswith("pkg:pypi/")}
    assert named == locked()
    assert all(named.values())


def test_sbom_names_each_jar_of_the_embedded_kafka_with_its_hash(bill: Bill) -> None:
    named = [one for one in bill["components"] if one["purl"].startswith("pkg:maven/")]
    files = {path.name for path in (sbom.KAFKA / "libs").glob("*.jar")}
    assert {f"{one['name']}-{one['version']}.jar" for one in named} == files
    assert all(hashes_of(one) for one in named)


def test_jar_that_maven_does_not_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "libs").mkdir()
    (tmp_path / "libs" / "stray-1.jar").write_bytes(b"a jar")
    (tmp_path / "jars.txt").write_text("   org.example:other:jar:1:compile -- module other\n")
    with pytest.raises(SystemExit, match=r"other-1\.jar.*stray-1\.jar"):
        sbom.jars(tmp_path)


def test_sbom_of_the_same_lock_is_the_same(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(sbom.LOCK.read_text().partition("\naiohttp==")[0])
    assert sbom.render(sbom.build(lock)) == sbom.render(sbom.build(lock))


def test_tocsin_depends_on_every_component(bill: Bill) -> None:
    root = next(one for one in bill["dependencies"] if one["ref"] == bill["metadata"]["component"]["bom-ref"])
    assert root["dependsOn"] == sorted(one["bom-ref"] for one in bill["components"])
