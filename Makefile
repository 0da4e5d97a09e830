# What is done often is a target here, and each is a thin line over `autograder …`. `make help` lists them.

PYTHON ?= python3
VENV   := .venv
READY  := $(VENV)/.ready
RUN    := $(VENV)/bin/autograder
HW     ?=
QUIZ   ?=

.DEFAULT_GOAL := all
.PHONY: all help check test audit grade quizzes canvas nbgrader gpu bench clean publish smoke soak bench-attacks compat

all: $(READY)           ## environment, all homework releases and zips, solutions and stubs through the tests, one table
	@$(RUN) build $(HW)

$(READY): pyproject.toml autograder/bootstrap.py
	@$(PYTHON) autograder/bootstrap.py $(VENV) --extras author test
	@touch $@

check: $(READY)         ## fast gates while writing content (seconds)
	@$(RUN) check $(HW)
	@echo "ruff and mypy (the first time takes a minute)"
	@$(VENV)/bin/ruff check -q . && $(VENV)/bin/ruff format -q --check autograder tests/*.py && $(VENV)/bin/mypy -p autograder

# Some tests run backward passes in their own process, and a fork after a backward pass fails, while others fork: hence three runs.
BACKWARD := tests/quiz tests/content/test_study.py
test: $(READY)          ## the tests of the whole project
	@$(VENV)/bin/pytest -n 2 --dist loadgroup -q tests/accelerator
	@$(VENV)/bin/pytest -n 2 --dist loadgroup -q $(BACKWARD)
	@$(VENV)/bin/pytest -n 2 --dist loadgroup -q --ignore tests/accelerator $(addprefix --ignore ,$(BACKWARD))

audit: $(READY)         ## reference, stub, legal variants and faults against the tests; HW="hw4_adam" for one
	@$(RUN) audit $(HW)

grade: $(READY)         ## a class: make grade SOURCE=export.zip HW=hw4_adam, results in grades/; one notebook: make grade NOTEBOOK=my.ipynb HW=hw4_adam
	@test -n "$(HW)" -a -n "$(SOURCE)$(NOTEBOOK)" || { echo "Say what to grade: make grade SOURCE=export.zip HW=hw4_adam (or NOTEBOOK=my.ipynb)"; exit 2; }
	@if [ -n "$(SOURCE)" ]; then $(RUN) grade-all "$(SOURCE)" --assignment $(HW) --out grades/$(HW) $(ARGS); \
	else $(RUN) grade "$(NOTEBOOK)" --assignment $(HW) --out results.json; fi

quizzes: $(READY)       ## every quiz in every way: notebooks, zips, Canvas packages, paper, previews; QUIZ=quiz09 for one; one table
	@$(RUN) quiz build $(QUIZ)

canvas: $(READY)        ## the Canvas packages alone, in release/canvas
	@$(RUN) quiz build $(QUIZ) --only canvas

nbgrader: $(READY)      ## a course directory for nbgrader in release/nbgrader, quizzes too; HW="hw4_adam" or QUIZ=quiz09 for one
	@$(RUN) nbgrader $(HW) $(QUIZ)

gpu: $(READY)           ## the device-sensitive tests, on a CUDA machine also there; one table of device cases
	@$(VENV)/bin/pytest tests/accelerator -q
	@OMP_NUM_THREADS=1 $(VENV)/bin/python -m autograder.audit.devices $(HW)

bench: $(READY)         ## microseconds on the simulated device; this grader beside nbgrader and Otter (a quarter of an hour; after make)
	@$(VENV)/bin/python tests/accelerator/benchmark.py
	@$(VENV)/bin/python -m tests.bench.bench --picture docs/bench.png
	@OMP_NUM_THREADS=1 $(VENV)/bin/python -m tests.bench.budgets

smoke: $(READY)         ## release/gradescope/smoke.zip: reports what the platform offers, for the first week of term
	@$(RUN) smoke-zip --root tests/toy --out release/gradescope/smoke.zip

soak: $(READY)          ## a million hostile frames and a hundred killed graders (ten minutes)
	@OMP_NUM_THREADS=1 $(VENV)/bin/python -m tests.grading.soak

bench-attacks: $(READY) ## the same attacks on this grader, stock Otter and stock nbgrader (half an hour, as root); table in docs/security.md
	@OMP_NUM_THREADS=1 $(VENV)/bin/python -m tests.attacks.bench

compat: $(READY)        ## the solution notebooks on Colab's package versions, every cell but the last (two minutes; after make)
	@$(VENV)/bin/python -m tests.student.colab $(HW)

publish: $(READY)       ## notebooks into a public repository: make publish TO=ADDRESS HW=hw1_autograd QUIZ=quiz09 (one of the two, or both)
	@test -n "$(TO)" -a -n "$(HW)$(QUIZ)" || { echo "Say where and what: make publish TO=git@github.com:course/homework.git HW=hw1_autograd"; exit 2; }
	@$(RUN) publish $(TO) $(HW) $(QUIZ)

clean:                  ## remove what make made, but the environment, what git tracks, and nbgrader's course with its gradebook
	rm -rf .cache release/solutions release/gradescope release/canvas release/paper release/audit

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16
