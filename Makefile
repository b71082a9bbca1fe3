# Two commands do all the set-up: `make train` and `make test`. Each makes .venv and installs what is locked first.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: train test proofs lessons docs faults attack agree lint count finder bundled bench lock clean

train: .venv/train
	$(BIN)/lenet train

test: .venv/dev
	$(BIN)/pytest -n 2 --dist loadfile

# The tests that take long: the lessons, the docs and their commands, examples of the help, a thousand drawings in the
# browser, trainings on the page, killed trainings, a share of the attack, letters and digits of other sources.
proofs: .venv/dev
	$(BIN)/pytest -m long

# Every lesson in both languages; `make proofs` runs the English ones, whose code is the same.
lessons: .venv/dev
	LENET_LESSONS=1 $(BIN)/pytest -m "long or not long" tests/lessons

# The documentation in both languages, built/en/index.html and built/zh/index.html; a warning is an error. Minutes.
docs: .venv/dev
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs built/en
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet --conf-dir docs --define language=zh_CN docs/zh built/zh

# Kills trainings at random and wherever a checkpoint touches the disk; resumed, they must end with the same bits. Minutes.
faults: .venv/dev
	$(BIN)/python tests/faults/kills.py

# Thousands of hostile files over every entrance, and a server under hostile pictures and load. Minutes.
attack: .venv/dev
	$(BIN)/python tests/attack/attack.py
	$(BIN)/python tests/attack/server.py

lint: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

# 200 random networks must give the same answers in every runtime. Minutes.
agree: .venv/dev
	LENET_AGREE=200 $(BIN)/pytest tests/test_agreement.py

# Lines of Python in each package.
count:
	@for package in src/lenet/*/; do \
		printf '%6d %s\n' "$$(cat $$package*.py 2>/dev/null | wc -l)" "$$package"; \
	done
	@printf '%6d src/lenet, all\n' "$$(find src/lenet -name '*.py' -exec cat {} + | wc -l)"

# Trains the network that finds marks on pages, on simulated ones, from nothing; it takes the place of the one there is. Hours.
finder: .venv/bench
	$(BIN)/python benchmarks/train_finder.py

# Trains the bundled model, on MNIST and drawn digits; it takes the place of the one there is. An hour.
bundled: .venv/bench
	$(BIN)/python benchmarks/drawn_digits.py --out drawn.npz
	$(BIN)/lenet train --recipe best --data mnist --data drawn.npz --run runs/bundled
	$(BIN)/python benchmarks/bundled_model.py bundled runs/bundled --bundle

# Measures networks and recipes beside their peers, reading, checkpoints and other data; writes benchmarks/RESULTS.md. Hours.
bench: .venv/dev .venv/bench
	$(BIN)/python benchmarks/leaderboard.py
	$(BIN)/python benchmarks/inference.py
	$(BIN)/python benchmarks/checkpoints.py
	$(BIN)/python benchmarks/own_data.py

.venv/bench: .venv/dev
	$(BIN)/python -m pip install --quiet --no-build-isolation --editable '.[bench]'
	touch $@

# Makes .venv, or makes it anew where its Python is another than lenet needs; one line says what is wrong with $(PYTHON).
CHECK := requirements/check_python.py
define VENV
	@$(BIN)/python $(CHECK) 2>/dev/null || { $(PYTHON) $(CHECK) && $(PYTHON) -m venv --clear .venv; }
endef

# One stamp per lock file: installed again only when the lock or the project's metadata changes.
.venv/%: requirements/%.txt pyproject.toml
	$(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r $<
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# Resolve the newest versions that work together, for every supported Python and platform, and pin them by hash.
LOCK := $(BIN)/uv pip compile pyproject.toml requirements/build.in --constraint requirements/constraints.in \
	--universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --quiet --custom-compile-command "make lock"
lock:
	$(VENV)
	$(BIN)/python -m pip install --quiet uv
	$(LOCK) --extra dev --output-file requirements/dev.txt
	$(LOCK) --extra train --constraint requirements/dev.txt --output-file requirements/train.txt

clean:
	rm -rf .venv
