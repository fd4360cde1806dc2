#!/usr/bin/env bash
# Makes .venv from requirements.lock. Not here: Kafka's jars (kafka.sh) and Debian's packages (debian.sh).
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

# The stamp names the place: a moved project makes its environment anew, since a venv cannot be moved.
want="$PWD $(cat requirements.lock pyproject.toml | sha256sum | cut -d' ' -f1)"
if [ -x .venv/bin/python ] && [ "$(cat .venv/stamp 2>/dev/null)" = "$want" ]; then exit 0; fi

echo "setup: Python packages into .venv"
if [ ! -x .venv/bin/python ] || [ "$(cut -d' ' -f1 .venv/stamp 2>/dev/null)" != "$PWD" ]; then
    rm -rf .venv
    "$python" -m venv .venv
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
printf '%s' "$want" > .venv/stamp
