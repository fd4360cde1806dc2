#!/usr/bin/env bash
# Installs from Debian what the end-to-end tests use: a real Alertmanager, a real Prometheus and a real browser. Services are not started.
# `debian.sh required` fails where something is missing and cannot be installed; without it that is only said.
set -euo pipefail

missing=()
command -v prometheus-alertmanager > /dev/null || missing+=(prometheus-alertmanager)
command -v prometheus > /dev/null || missing+=(prometheus)
command -v chromium > /dev/null || missing+=(chromium)
[ ${#missing[@]} -gt 0 ] || exit 0

complain() {
    printf 'setup: the tests need from Debian: %s\nsetup: as root: apt-get install --no-install-recommends %s\n' \
        "${missing[*]}" "${missing[*]}" >&2
    if [ "${1:-}" = required ]; then exit 1; fi
    exit 0
}
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then complain "$@"; fi

echo "setup: from Debian: ${missing[*]}"
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then   # 101: "do not start services", asked by Debian's maintainer scripts
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
log=$(mktemp)
if ! { apt-get -q update && apt-get -q -y install --no-install-recommends "${missing[@]}"; } > "$log" 2>&1 < /dev/null; then
    tail -n 20 "$log" >&2
    complain "$@"
fi
rm -f "$log"
