#!/usr/bin/env bash
# Fetches the jars of the embedded Apache Kafka into build/kafka/libs, and lists them by their Maven names in build/kafka/jars.txt (for the
# SBOM). Not here: starting it (tocsin/embedded/kafka.py).
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

command -v java > /dev/null || fail "no java found; Apache Kafka needs Java 17 or later. Debian: apt-get install openjdk-17-jre-headless"
major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
[ "${major:-0}" -ge 17 ] || fail "java is version ${major:-unknown}; Apache Kafka needs Java 17 or later. Debian: apt-get install openjdk-17-jre-headless"

want=$(cat deploy/kafka/pom.xml deploy/setup/kafka.sh | sha256sum)
if [ "$(cat build/kafka/stamp 2>/dev/null)" = "$want" ]; then exit 0; fi
command -v mvn > /dev/null || fail "no mvn found; it fetches Apache Kafka. Debian: apt-get install maven"

echo "setup: Apache Kafka into build/kafka"
rm -rf build/kafka
mkdir -p build/kafka
if ! mvn -q -B -ntp -f deploy/kafka/pom.xml dependency:copy-dependencies dependency:list -DincludeScope=runtime \
    "-DoutputDirectory=$PWD/build/kafka/libs" "-DoutputFile=$PWD/build/kafka/jars.txt" > build/kafka/mvn.log 2>&1 < /dev/null; then
    cat build/kafka/mvn.log >&2
    fail "Maven could not fetch Apache Kafka; its reason stands above"
fi
printf '%s' "$want" > build/kafka/stamp
