#!/usr/bin/env bash
# collectd 5.12.0 (Debian 5.12.0-14) and Prometheus Alertmanager 0.25.0 (Debian): where they meet, nothing is ever resolved by its cause.
#
# collectd's write_http sends its notifications in the form of Alertmanager's API (`Notifications true`). A value that is within its
# range again is sent as one more alert that FIRES, with the label `severity: OKAY`, and without `endsAt`. `severity` is a label, so
# that this is another alert than the FAILURE before, which nothing resolves. After one failure and its recovery Alertmanager has
# both, active; each ends only by Alertmanager's `resolve_timeout`. So a failure that lasts is called resolved after five minutes too,
# since collectd sends it once. The first value within its range is sent likewise: a start of collectd alone raises an alert.
# Expected: the recovery carries the labels of the failure, and `endsAt`. What helps: map `severity: OKAY` of `service: collectd` to
# "resolved" before Alertmanager sees it, and leave `severity` out of the identity of the alert.
#
# Needs apt-get (amd64). Listens on loopback alone. Exits 1 when that changes.
set -euo pipefail

folder=$(mktemp -d)
pids=()
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait
    rm -rf "$folder"
}
trap finish EXIT
cd "$folder"

for package in collectd-core=5.12.0-14 libyajl2 prometheus-alertmanager; do
    apt-get download -q "$package" >>apt.log 2>&1 || { cat apt.log >&2; exit 2; }
done
for package in *.deb; do dpkg -x "$package" installed; done
export LD_LIBRARY_PATH=$folder/installed/usr/lib/x86_64-linux-gnu
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')

printf 'route: {receiver: nobody}\nreceivers: [{name: nobody}]\n' >alertmanager.yml
installed/usr/bin/prometheus-alertmanager --config.file=alertmanager.yml --storage.path=store --cluster.listen-address= \
    --web.listen-address="127.0.0.1:$port" >alertmanager.log 2>&1 &
pids+=($!)

cat >collectd.conf <<CONF
Hostname "web-1"
BaseDir "$folder"
PIDFile "$folder/pid"
PluginDir "$folder/installed/usr/lib/collectd"
TypesDB "$folder/installed/usr/share/collectd/types.db"
Interval 1
LoadPlugin unixsock
<Plugin unixsock>
  SocketFile "$folder/socket"
</Plugin>
LoadPlugin threshold
<Plugin threshold>
  <Type "gauge">
    FailureMax 90
  </Type>
</Plugin>
LoadPlugin write_http
<Plugin write_http>
  <Node "alertmanager">
    URL "http://127.0.0.1:$port/api/v2/alerts"
    Format "JSON"
    Metrics false
    Notifications true
  </Node>
</Plugin>
CONF
for _ in $(seq 100); do curl -fs "http://127.0.0.1:$port/-/ready" >/dev/null && break; sleep 0.1; done
installed/usr/sbin/collectd -f -C collectd.conf >collectd.log 2>&1 &
pids+=($!)

python3 - "$folder/socket" "http://127.0.0.1:$port/api/v2/alerts" >seen <<'PYTHON' || { cat seen collectd.log alertmanager.log >&2; exit 1; }
import json, os, socket, sys, time, urllib.request

deadline = time.time() + 20
while not os.path.exists(sys.argv[1]) and time.time() < deadline:
    time.sleep(0.1)
collectd = socket.socket(socket.AF_UNIX)
collectd.connect(sys.argv[1])


def put(value):
    collectd.sendall(f'PUTVAL "web-1/app/gauge-queue" interval=60 N:{value}\n'.encode())
    collectd.recv(200)
    time.sleep(1.5)


def alerts():
    found = json.load(urllib.request.urlopen(sys.argv[2], timeout=5))
    return sorted((alert["labels"]["severity"], alert["status"]["state"]) for alert in found)


for value in (10, 95, 10):
    put(value)
    print(f"queue is {value}:", alerts())
PYTHON
cat seen
diff - seen <<'EXPECTED' || { echo "that has changed" >&2; exit 1; }
queue is 10: [('OKAY', 'active')]
queue is 95: [('FAILURE', 'active'), ('OKAY', 'active')]
queue is 10: [('FAILURE', 'active'), ('OKAY', 'active')]
EXPECTED
