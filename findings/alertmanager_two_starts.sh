#!/usr/bin/env bash
# Prometheus Alertmanager 0.25.0 (Debian 0.25.0-1+b4): one alert has two start times, by whom one asks.
#
# The webhook gives `startsAt` as it was sent, to the nanosecond; GET /api/v2/alerts gives the same alert's cut to the millisecond.
# `endsAt` differs as well: in the webhook it is 0001-01-01T00:00:00Z while the alert fires, in the API the time at which it will be
# taken for resolved. So whoever joins what came by webhook with what he polls by fingerprint and `startsAt` finds no pair. Expected:
# one alert, one start. What helps: compare starts by the millisecond, and leave `endsAt` of a firing alert out.
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

apt-get download -q prometheus-alertmanager=0.25.0-1+b4 >apt.log 2>&1 || { cat apt.log >&2; exit 2; }
dpkg -x ./*.deb installed

python3 - "$folder" <<'PYTHON' || { cat "$folder"/alertmanager.log >&2; exit 1; }
import http.server, json, os, socket, subprocess, sys, threading, time, urllib.request

os.chdir(sys.argv[1])
came = []


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        came.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


hook = http.server.HTTPServer(("127.0.0.1", 0), Hook)
threading.Thread(target=hook.serve_forever, daemon=True).start()
with socket.create_server(("127.0.0.1", 0)) as free:
    api = f"http://127.0.0.1:{free.getsockname()[1]}"
with open("alertmanager.yml", "w") as file:
    url = f"http://127.0.0.1:{hook.server_port}/"
    json.dump({"route": {"receiver": "hook", "group_wait": "1s"}, "receivers": [{"name": "hook", "webhook_configs": [{"url": url}]}]}, file)
command = ["installed/usr/bin/prometheus-alertmanager", "--config.file=alertmanager.yml", "--storage.path=store",
           "--cluster.listen-address=", f"--web.listen-address={api.removeprefix('http://')}"]


def call(path, body=None):
    request = urllib.request.Request(api + path, body, {"Content-Type": "application/json"})
    return urllib.request.urlopen(request, timeout=5).read()


def wait_for(condition):
    deadline = time.time() + 20
    while time.time() < deadline:
        try:
            if condition():
                return
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit("no answer within 20 s")


with open("alertmanager.log", "w") as log:
    process = subprocess.Popen(command, stdout=log, stderr=log)
try:
    wait_for(lambda: call("/-/ready"))
    second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    call("/api/v2/alerts", json.dumps([{"labels": {"alertname": "Full"}, "startsAt": f"{second}.123456789Z"}]).encode())
    wait_for(lambda: came)
    told, asked = came[0]["alerts"][0], json.loads(call("/api/v2/alerts"))[0]
finally:
    process.terminate()
    process.wait(10)
seen = [told["fingerprint"] == asked["fingerprint"], told["startsAt"].removeprefix(second), asked["startsAt"].removeprefix(second),
        told["endsAt"], asked["endsAt"] > asked["startsAt"]]
print("same fingerprint, start by webhook, start by API, end by webhook, API's end lies after its start:", seen)
if seen != [True, ".123456789Z", ".123Z", "0001-01-01T00:00:00Z", True]:
    sys.exit("that has changed")
PYTHON
