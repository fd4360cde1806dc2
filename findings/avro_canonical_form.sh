#!/usr/bin/env bash
# avro 1.12.2 (PyPI, the official one), fastavro 1.13.1 (PyPI), org.apache.avro:avro 1.12.1 (Maven): the official Python library makes
# another parsing canonical form than Java, and so another fingerprint, of nearly every schema that has a time in it.
#
# The specification has primitive types written in their simple form ("long", not {"type":"long"}), attributes such as `logicalType`
# left out, and a named type written in full once and by its name afterwards. Java and fastavro do so. avro for Python keeps
# {"type":"long"} where a logical type (or any other attribute) stood beside the primitive, and writes a named type that is used
# again in full again, which no parser reads back. The fingerprint is what single-object encoding (C3 01) and schema stores know a
# schema by: what Python's library labels is not found by Java's, and nothing raises. What helps: fastavro's fingerprint.
set -euo pipefail

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
cd "$WORK"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check avro==1.12.2 fastavro==1.13.1
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>finding</groupId><artifactId>avro</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency><groupId>org.apache.avro</groupId><artifactId>avro</artifactId><version>1.12.1</version></dependency></dependencies>
</project>
POM
mvn -q -B -ntp org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DincludeScope=runtime -DoutputDirectory=libs \
    < /dev/null > maven.log || { cat maven.log >&2; exit 2; }

cat > plain.avsc <<'SCHEMA'
{"type": "record", "name": "Plain", "fields": [{"name": "at", "type": "long"}]}
SCHEMA
cat > time.avsc <<'SCHEMA'
{"type": "record", "name": "Time", "fields": [{"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}]}
SCHEMA
cat > again.avsc <<'SCHEMA'
{"type": "record", "name": "a.Again", "fields": [
  {"name": "one", "type": {"type": "fixed", "name": "F", "namespace": "c", "size": 4}}, {"name": "two", "type": "c.F"}]}
SCHEMA
cat > Fingerprint.java <<'JAVA'
import java.io.File;
import org.apache.avro.*;

public class Fingerprint {
    public static void main(String[] names) throws Exception {
        for (String name : names) {
            Schema schema = new Schema.Parser().parse(new File(name));
            StringBuilder text = new StringBuilder();
            for (byte part : SchemaNormalization.parsingFingerprint("CRC-64-AVRO", schema)) text.append(String.format("%02x", part));
            System.out.println("java     " + name + " " + text + " " + SchemaNormalization.toParsingForm(schema));
        }
    }
}
JAVA
cat > fingerprint.py <<'PYTHON'
import json, sys
import avro.schema
from fastavro.schema import fingerprint, to_parsing_canonical_form

for name in sys.argv[1:]:
    text = open(name).read()
    form = to_parsing_canonical_form(json.loads(text))
    print("fastavro", name, fingerprint(form, "CRC-64-AVRO"), form)
for name in sys.argv[1:]:
    schema = avro.schema.parse(open(name).read())
    print("avro     " + name, schema.fingerprint("CRC-64-AVRO").hex(), schema.canonical_form)
PYTHON
seen=$(java -cp "libs/*" Fingerprint.java plain.avsc time.avsc again.avsc 2> java.log || { cat java.log >&2; exit 1; }
    venv/bin/python fingerprint.py plain.avsc time.avsc again.avsc)
echo "$seen"
expected='java     plain.avsc a3f1260df285acd2 {"name":"Plain","type":"record","fields":[{"name":"at","type":"long"}]}
java     time.avsc bad94e06f182e6a8 {"name":"Time","type":"record","fields":[{"name":"at","type":"long"}]}
java     again.avsc 0eb983b6ea5ce755 {"name":"a.Again","type":"record","fields":[{"name":"one","type":{"name":"c.F","type":"fixed","size":4}},{"name":"two","type":"c.F"}]}
fastavro plain.avsc a3f1260df285acd2 {"name":"Plain","type":"record","fields":[{"name":"at","type":"long"}]}
fastavro time.avsc bad94e06f182e6a8 {"name":"Time","type":"record","fields":[{"name":"at","type":"long"}]}
fastavro again.avsc 0eb983b6ea5ce755 {"name":"a.Again","type":"record","fields":[{"name":"one","type":{"name":"c.F","type":"fixed","size":4}},{"name":"two","type":"c.F"}]}
avro     plain.avsc a3f1260df285acd2 {"name":"Plain","type":"record","fields":[{"name":"at","type":"long"}]}
avro     time.avsc 4f5f8eeaddc1a0aa {"name":"Time","type":"record","fields":[{"name":"at","type":{"type":"long"}}]}
avro     again.avsc ef0dd44f46dfc449 {"name":"a.Again","type":"record","fields":[{"name":"one","type":{"name":"c.F","type":"fixed","size":4}},{"name":"two","type":{"name":"c.F","type":"fixed","size":4}}]}'
[ "$seen" = "$expected" ] || { echo "that has changed; it was:" >&2; echo "$expected" >&2; exit 1; }
