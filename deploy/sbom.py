"""Writes build/sbom.cdx.json (CycloneDX 1.6): what a production install is made of, from requirements.lock and Kafka's jars.

It is built, not committed, and holds no time and no random number: the same lock and the same jars give the same bytes. The kept
tool `cyclonedx-py` reads the lock; this adds the jars, which no tool for Python knows. `python -m deploy.sbom` (make sbom).
Not here: JSON Schema (`cyclonedx-python-lib` has CycloneDX' own).
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
KAFKA = ROOT / "build" / "kafka"
TARGET = ROOT / "build" / "sbom.cdx.json"
MAVEN_LINE = re.compile(r"^\s+(?P<group>[^:\s]+):(?P<name>[^:\s]+):jar:(?P<version>[^:\s]+):(?:compile|runtime)\b", re.MULTILINE)


def build(lock: Path = LOCK, kafka: Path = KAFKA) -> dict[str, Any]:
    """Give the whole bill: each package of the lock, each jar of the embedded Kafka; tocsin depends on all of them."""
    bill = packages(lock)
    bill["components"] = [*bill["components"], *jars(kafka)]
    names = sorted(component["bom-ref"] for component in bill["components"])
    root = bill["metadata"]["component"]["bom-ref"]
    bill["dependencies"] = [{"ref": root, "dependsOn": names}, *({"ref": name} for name in names)]
    return bill


def packages(lock: Path) -> dict[str, Any]:
    """Give the bill of a lock as `cyclonedx-py` makes it, with each package named by its purl instead of its line."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "--output-reproducible", "--no-validate", "--sv", "1.6"]
    command += ["--pyproject", str(ROOT / "pyproject.toml"), str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    bill: dict[str, Any] = json.loads(done.stdout)  # what it warns of is mended: `build` adds dependencies, `main` validates
    for component in bill["components"]:
        component["bom-ref"] = component["purl"]
        del component["description"]  # the text of its lines in the lock, with all hashes once more
    return bill


def jars(kafka: Path) -> list[dict[str, Any]]:
    """List the jars by what Maven calls them, with the hash of each file; raises when Maven's list and the files differ."""
    listed = [found.groupdict() for found in MAVEN_LINE.finditer((kafka / "jars.txt").read_text())]
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (kafka / "libs").glob("*.jar")}
    names = {f"{one['name']}-{one['version']}.jar": one for one in listed}
    if names.keys() != files.keys():
        other = sorted(names.keys() ^ files.keys())
        raise SystemExit(f"Maven's list and the files of build/kafka/libs differ in {other}: remove build/kafka, make setup")
    return [_jar(names[file], digest) for file, digest in sorted(files.items())]


def _jar(jar: dict[str, str], digest: str) -> dict[str, Any]:
    purl = f"pkg:maven/{jar['group']}/{jar['name']}@{jar['version']}?type=jar"
    hashes = [{"alg": "SHA-256", "content": digest}]
    return {"type": "library", **jar, "bom-ref": purl, "purl": purl, "hashes": hashes}


def problem_of(bill: str) -> str | None:
    """Say what CycloneDX' schema has against it; None: it is valid."""
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill)
    return None if error is None else str(error)


def render(bill: dict[str, Any]) -> str:
    return json.dumps(bill, indent=1, sort_keys=True) + "\n"


def main() -> int:
    text = render(build())
    if problem := problem_of(text):
        print(f"the SBOM is not valid: {problem}", file=sys.stderr)
        return 1
    TARGET.write_text(text)
    print(f"{TARGET.relative_to(ROOT)}: {len(json.loads(text)['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
