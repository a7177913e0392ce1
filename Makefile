# make demo    simulate, train, evaluate, draw (about 20 minutes on two CPU cores)
# make test    the test suite, WORKERS tests side by side (2), one thread each
# make test-without-compiler    the tests of operators, models and training where no native kernel can be built
# make lint    ruff, as CI runs it
# make types    pyright, then tests with the types and shapes of annotations checked at run time
# make docs    the documentation as a site, in site/, with warnings as errors
# PYTHON names the interpreter (3.10 to 3.12), VENV the virtual environment, TORCH what pip installs first.
PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
WORKERS ?= 2
BIN = $(VENV)/bin
PROJECTS = projects/hummuss projects/glsmamba

.PHONY: install demo test test-without-compiler lint types docs clean

install: $(VENV)/.installed

$(VENV)/.installed: setup.py pyproject.toml $(PROJECTS:=/pyproject.toml) requirements/runtime.txt requirements/dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q $(TORCH)
	$(BIN)/python -m pip install -q -r requirements/runtime.txt -r requirements/dev.txt
	$(BIN)/python -m pip install -q --no-deps mmpose==1.3.2 anny==0.6.2
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e . $(addprefix -e ,$(PROJECTS))
	touch $@

demo: install
	$(BIN)/python tools/demo.py

test: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile tests projects

test-without-compiler: install
	CC=no-such-compiler XDG_CACHE_HOME=$(VENV)/no-kernels OMP_NUM_THREADS=1 \
		$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile tests/test_ops tests/test_models tests/test_engine

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/pyright --pythonpath $(BIN)/python
	CHECK_SHAPES=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -m "not no_shape_checks" \
		$(addprefix tests/test_,codecs datasets evaluation models ops radar simulation structures)

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

$(VENV)/.docs: $(VENV)/.installed requirements/docs.txt
	$(BIN)/python -m pip install -q -r requirements/docs.txt
	touch $@

clean:
	rm -rf $(VENV) build site *.egg-info
