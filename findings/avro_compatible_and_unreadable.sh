#!/usr/bin/env bash
# avro 1.12.2 (PyPI, the official one): what its compatibility check calls compatible, its reader refuses to read.
#
# `ReaderWriterCompatibilityChecker` follows the specification (Java's `SchemaCompatibility` 1.12.1 says the same of all these).
# `DatumReader` of the same package raises SchemaResolutionException on eight kinds of change that it allows: an enum symbol that is new to a
# reader with a `default`, aliases of fields and of named types, another namespace of a named type, a number that grew inside an
# array or a map, string and bytes, a union of the writer that the reader has as one type. fastavro 1.13.1 reads them all. So a
# registry with FULL_TRANSITIVE checks does not promise that this reader goes on reading; a schema that is meant for it too can
# only get and lose fields with defaults, and widen a number outside arrays and maps.
set -euo pipefail

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
python3 -m venv "$WORK/venv"
"$WORK/venv/bin/python" -m pip install --quiet --disable-pip-version-check avro==1.12.2 fastavro==1.13.1

seen=$("$WORK/venv/bin/python" - <<'PYTHON'
import io, json

import avro.io, avro.schema, fastavro
from avro.compatibility import ReaderWriterCompatibilityChecker


def record(name, field, **more):
    return {"type": "record", "name": name, "fields": [field], **more}


def enum(*symbols, **more):
    return {"type": "enum", "name": "E", "symbols": list(symbols), **more}


x = {"name": "x", "type": "int"}
cases = {  # what changes: written as, read as, a value
    "a default field": (record("R", x), {"type": "record", "name": "R", "fields": [x, {"name": "y", "type": "int", "default": 7}]}, {"x": 1}),
    "a wider number": ("int", "long", 1),
    "an enum's default": (enum("A", "B", "C"), enum("A", "B", default="A"), "C"),
    "a field's alias": (record("R", x), record("R", {"name": "y", "type": "int", "aliases": ["x"]}), {"x": 1}),
    "a record's alias": (record("R", x), record("S", x, aliases=["R"]), {"x": 1}),
    "a record's namespace": (record("a.R", x), record("b.R", x), {"x": 1}),
    "a wider number in an array": ({"type": "array", "items": "int"}, {"type": "array", "items": "long"}, [1]),
    "a wider number in a map": ({"type": "map", "values": "int"}, {"type": "map", "values": "long"}, {"k": 1}),
    "bytes for a string": ("string", "bytes", "text"),
    "one type for a union": (["int", "long"], "long", 1),
}
for name, (writer, reader, value) in cases.items():
    data = io.BytesIO()
    fastavro.schemaless_writer(data, fastavro.parse_schema(writer), value)
    ours, theirs = avro.schema.parse(json.dumps(writer)), avro.schema.parse(json.dumps(reader))
    verdict = ReaderWriterCompatibilityChecker().get_compatibility(theirs, ours).compatibility.name
    try:
        by_avro = avro.io.DatumReader(ours, theirs).read(avro.io.BinaryDecoder(io.BytesIO(data.getvalue())))
    except avro.errors.SchemaResolutionException as error:
        by_avro = type(error).__name__
    data.seek(0)
    by_fastavro = fastavro.schemaless_reader(data, fastavro.parse_schema(writer), fastavro.parse_schema(reader))
    print(f"{name}: {verdict}; fastavro {by_fastavro}; avro {by_avro}")
PYTHON
)
echo "$seen"
expected=$(cat <<'TEXT'
a default field: compatible; fastavro {'x': 1, 'y': 7}; avro {'x': 1, 'y': 7}
a wider number: compatible; fastavro 1; avro 1
an enum's default: compatible; fastavro A; avro SchemaResolutionException
a field's alias: compatible; fastavro {'y': 1}; avro SchemaResolutionException
a record's alias: compatible; fastavro {'x': 1}; avro SchemaResolutionException
a record's namespace: compatible; fastavro {'x': 1}; avro SchemaResolutionException
a wider number in an array: compatible; fastavro [1]; avro SchemaResolutionException
a wider number in a map: compatible; fastavro {'k': 1}; avro SchemaResolutionException
bytes for a string: compatible; fastavro b'text'; avro SchemaResolutionException
one type for a union: compatible; fastavro 1; avro SchemaResolutionException
TEXT
)
[ "$seen" = "$expected" ] || { echo "that has changed; it was:" >&2; echo "$expected" >&2; exit 1; }
