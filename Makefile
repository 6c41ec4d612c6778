# Needs make, Python 3.11 or newer and a package index; everything else goes into .venv.
#   make demo     make an image analogy of the example pictures and say where it is
#   make page     make and paint pictures in a browser, on this machine
#   make test     lint, types and the tests that take minutes at most
# More targets below. PYTHON=python3.12 chooses the interpreter for a new .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_TEST := $(VENV)/.installed-test
INSTALLED_WEB := $(VENV)/.installed-web
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
PYTEST := $(BIN)/python -m pytest

.PHONY: demo page test test-slow test-browser lint gallery benchmark clean

demo: $(INSTALLED)
	$(BIN)/make_image_analogy.py examples/landscape-a.png examples/landscape-a-prime.png \
	  examples/landscape-b.png demo/landscape.png
	@echo "The analogy is $(CURDIR)/demo/landscape.png"
	@echo "made from the label map examples/landscape-b.png as examples/landscape-a-prime.png"
	@echo "was made from examples/landscape-a.png."

# PAGE holds arguments for it: make page PAGE='--port 8000'
page: $(INSTALLED_WEB)
	$(BIN)/analogies-page $(PAGE)

test: lint
	$(PYTEST) -n 2 --dist loadfile -m "not slow and not browser"

lint: $(INSTALLED_TEST)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-slow: $(INSTALLED_TEST)
	$(PYTEST) --timeout 3600 -m slow

# Chromium comes from Debian's packages; installing it needs root. axe-core looks for what keeps
# people with a keyboard or a screen reader out; without npm that is not tried.
test-browser: $(INSTALLED_TEST) $(INSTALLED_WEB)
	@command -v chromium || { apt-get update -q && \
	  apt-get install -q --yes --no-install-recommends chromium; }
	$(PIP) --editable '.[browser,video]'
	@test -d $(VENV)/node_modules/axe-core || ! command -v npm || \
	  npm install --silent --no-audit --no-fund --prefix $(VENV) axe-core
	$(PYTEST) -m browser

gallery: $(INSTALLED)
	$(BIN)/python scripts/make_gallery.py --out gallery
	@echo "The pictures are in $(CURDIR)/gallery"

benchmark: $(INSTALLED_TEST)
	$(BIN)/python scripts/benchmark.py start
	$(BIN)/python scripts/benchmark.py run
	$(BIN)/python scripts/benchmark.py batch
	$(BIN)/python scripts/benchmark.py quality

clean:
	rm -rf build dist *.egg-info demo gallery .pytest_cache .mypy_cache .ruff_cache .hypothesis

# A .venv made by hand is installed into, not made anew.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): setup.cfg pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV); TensorFlow is large, this takes some minutes."
	$(PIP) --editable .
	@touch $@

# Gradio asks for a Pillow below 13, and pip takes it.
$(INSTALLED_WEB): setup.cfg pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV); TensorFlow is large, this takes some minutes."
	$(PIP) --editable '.[web]'
	@touch $(INSTALLED) $@

$(INSTALLED_TEST): setup.cfg pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV); TensorFlow is large, this takes some minutes."
	$(PIP) --editable '.[test]'
	@touch $(INSTALLED) $@
