# Two commands do all the set-up: `make train` and `make test`. Each makes .venv, installs what is locked, and goes.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: train test faults lint bench lock clean

train: .venv/train
	$(BIN)/lenet train

test: .venv/dev
	$(BIN)/pytest

# Trainings are killed, at random and wherever a checkpoint touches the disk, and must go on to the same bits: minutes.
faults: .venv/dev
	$(BIN)/python tests/faults/kills.py

lint: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# Measures speed beside stock Keras and PyTorch, and what survival and other data cost; writes benchmarks/RESULTS.md.
bench: .venv/dev .venv/bench
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/inference.py
	$(BIN)/python benchmarks/checkpoints.py
	$(BIN)/python benchmarks/own_data.py

.venv/bench: .venv/dev
	$(BIN)/python -m pip install --quiet --no-build-isolation --editable '.[bench]'
	touch $@

# A stamp a lock file: installed again only when the lock or the project's metadata changes.
.venv/%: requirements/%.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r $<
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# Resolve the newest versions that work together, for every supported Python and platform, and pin them by hash.
LOCK := $(BIN)/uv pip compile pyproject.toml requirements/build.in --constraint requirements/constraints.in \
	--universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --quiet --custom-compile-command "make lock"
lock:
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	$(LOCK) --extra dev --output-file requirements/dev.txt
	$(LOCK) --extra train --constraint requirements/dev.txt --output-file requirements/train.txt

clean:
	rm -rf .venv
