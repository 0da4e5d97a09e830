#!/usr/bin/env bash
# Builds the Gradescope image: a Python that any user can read in /opt/autograder, pinned packages, the CPU build of torch; no conda, no browser, no TeX.
# Every step has a time limit, and any failure ends the build with a message. AUTOGRADER_ROOT and AUTOGRADER_ENV move it (for trying it elsewhere).
set -euo pipefail
umask 022
ROOT="${AUTOGRADER_ROOT:-/autograder}"
ENVIRONMENT="${AUTOGRADER_ENV:-/opt/autograder}"
SOURCE="$ROOT/source"

say() { echo "[setup] $*"; }

suits() { # a final release of Python 3.11 to 3.13 that can make environments
    "$1" -c 'import sys, ensurepip, venv; v = sys.version_info; sys.exit(not ((3, 11) <= v[:2] <= (3, 13) and v.releaselevel == "final"))' 2>/dev/null
}

find_python() {
    for name in python3.13 python3.12 python3.11 python3 "$ENVIRONMENT-python/bin/python3"; do
        path=$(command -v "$name") && suits "$path" && echo "$path" && return
    done
    return 1
}

bring_python() { # the platform's default image has Python 3.10
    export DEBIAN_FRONTEND=noninteractive
    timeout 300 apt-get update -q || true
    for version in 3.13 3.12 3.11; do
        timeout 600 apt-get install -q -y --no-install-recommends "python$version" "python$version-venv" && suits "python$version" && return
    done
    say "the distribution has no Python 3.11 to 3.13; fetching one with uv"
    timeout 300 python3 -m pip install -q --target "$ENVIRONMENT-uv" uv
    timeout 900 "$ENVIRONMENT-uv/bin/uv" python install 3.12 --install-dir "$ENVIRONMENT-uv/pythons"
    ln -sfn "$(dirname "$(dirname "$(find "$ENVIRONMENT-uv/pythons" -path '*/bin/python3.12' | head -n 1)")")" "$ENVIRONMENT-python"
}

PYTHON=$(find_python) || { say "no suitable Python here; bringing one"; bring_python; PYTHON=$(find_python); } || {
    say "no Python 3.11 to 3.13 could be brought to this image. In Gradescope choose a newer base image (Ubuntu 24.04), or install one in setup.sh."
    exit 4
}
say "using $PYTHON ($("$PYTHON" --version))"
"$PYTHON" "$SOURCE/autograder/bootstrap.py" "$ENVIRONMENT" --requirements "$SOURCE/requirements.txt"
chmod 700 "$SOURCE"
say "self-check: grading the bundled stub"
PYTHONPATH="$SOURCE" timeout 300 "$ENVIRONMENT/bin/python" -B -m autograder self-check --base "$ROOT"
say "done"
