#!/usr/bin/env bash
# Makes .venv from requirements.lock and requirements-dev.lock; `python.sh production` from requirements.lock alone, so that
# no tool of tests is there. Not here: Kafka's jars (kafka.sh) and Debian's packages (debian.sh).
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

python=""
for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3 python; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || fail "no Python 3.11 or later found. Debian: apt-get install python3 python3-venv. Or: make setup PYTHON=/path/to/python3.11"
"$python" -c 'import ensurepip, venv' 2>/dev/null || fail "$python has no venv module. Debian: apt-get install python3-venv"

kind=${1:-development}
locks=(-r requirements.lock)
case "$kind" in
    development) locks+=(-r requirements-dev.lock) ;;
    production) ;;
    *) fail "python.sh makes development or production, not $kind" ;;
esac

# The stamp names the place and the kind: a moved project makes its environment anew, since a venv cannot be moved; so does one
# that changes its kind, since pip takes nothing away.
want="$PWD $kind $(cat requirements.lock requirements-dev.lock pyproject.toml | sha256sum | cut -d' ' -f1)"
have=$(cat .venv/stamp 2>/dev/null || true)
if [ -x .venv/bin/python ] && [ "$have" = "$want" ]; then exit 0; fi

echo "setup: Python packages into .venv"
if [ ! -x .venv/bin/python ] || [ "${have% *}" != "$PWD $kind" ]; then
    rm -rf .venv
    "$python" -m venv .venv
fi
pip=(.venv/bin/python -m pip --quiet --disable-pip-version-check)
"${pip[@]}" install --require-hashes "${locks[@]}"

# What builds the package is needed only now, so a production environment has it beside itself, and then no more.
builder=$(mktemp -d)
trap 'rm -rf "$builder"' EXIT
awk '/^[^ ]/ {taken = /^setuptools==/} taken' requirements-dev.lock > "$builder/requirements.txt"
"${pip[@]}" install --require-hashes --target "$builder/site" -r "$builder/requirements.txt"
PYTHONPATH="$builder/site" "${pip[@]}" install --no-deps --no-build-isolation -e .
printf '%s' "$want" > .venv/stamp
