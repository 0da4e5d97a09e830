#!/usr/bin/env bash
# Builds the Gradescope image of a quiz: nothing is installed, since grading needs the image's own Python alone. AUTOGRADER_ROOT moves it.
set -euo pipefail
ROOT="${AUTOGRADER_ROOT:-/autograder}"
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
    echo "[setup] Python 3.10 or newer is needed. In Gradescope choose the base image Ubuntu 22.04 or newer."
    exit 4
fi
cd "$ROOT/source"
python3 -B -m autograder.quiz.gradescope "$ROOT" --self-check
