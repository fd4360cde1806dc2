# Sourced by the findings about Kafka's clients: a temporary folder with a broker of its own and one Python package. Runs nothing
# of this project. Gives $WORK, $SERVERS (host:port), $PYTHON; all of it ends with the script.

KAFKA_VERSION=4.1.2
WORK=$(mktemp -d)
BROKER=
trap '[ -z "$BROKER" ] || { kill "$BROKER"; wait "$BROKER"; } 2> /dev/null || true; rm -rf "$WORK"' EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

install_package() {  # of PyPI, as name==version
    python3 -m venv "$WORK/venv"
    PYTHON=$WORK/venv/bin/python
    "$PYTHON" -m pip install --quiet --disable-pip-version-check "$1"
}

start_broker() {
    cat > "$WORK/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>finding</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$KAFKA_VERSION</version></dependency></dependencies>
</project>
POM
    mvn -q -B -ntp -f "$WORK/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
        -DincludeScope=runtime "-DoutputDirectory=$WORK/libs" < /dev/null
    local client controller
    client=$(free_port) controller=$(free_port)
    SERVERS=127.0.0.1:$client
    cat > "$WORK/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=CLIENT://127.0.0.1:$client,CONTROLLER://127.0.0.1:$controller
advertised.listeners=CLIENT://127.0.0.1:$client
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
log.dirs=$WORK/logs
offsets.topic.replication.factor=1
PROPERTIES
    java -cp "$WORK/libs/*" kafka.tools.StorageTool format --config "$WORK/server.properties" \
        --cluster-id AAAAAAAAAAAAAAAAAAAAAQ > "$WORK/format.log" 2>&1
    java -Xmx512m -cp "$WORK/libs/*" kafka.Kafka "$WORK/server.properties" > "$WORK/broker.log" 2>&1 &
    BROKER=$!
    for _ in $(seq 120); do
        if (exec 3<> "/dev/tcp/127.0.0.1/$client") 2> /dev/null; then return; fi
        sleep 0.5
    done
    cat "$WORK/broker.log" >&2
    return 1
}

expect() {  # what was seen, what was expected
    printf '%s\n' "$1"
    [ "$1" = "$2" ] || { printf 'CHANGED: expected\n%s\n' "$2" >&2; exit 1; }
    echo "as recorded"
}
