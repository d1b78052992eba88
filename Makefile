# make paper       the paper, ms.pdf, and whatever it lacks: Python packages (.venv), TeX Live, data
# make site        the pages for reviewers, site/index.html: everything that the paper shows, and its proof
# make test        ruff and the tests
# make test-long   the tests that take minutes each
# make audit       every figure, table and number against the scripts, data and stages behind it, redrawn in a clean copy
# make smoke       every stage after the simulations, and the paper, at a tiny budget in a copy of this tree
# make clean       remove figures, numbers and the paper; data and .venv stay
# make setup       Python packages and TeX Live only
#
# With conda on PATH, `make paper` runs the showyourwork of the active environment, which makes its own environments.

CORES ?= 2
READY := .venv/.ready
VENV_PATH := PATH="$$PWD/.venv/bin:$$PATH"
BUILT := ms.pdf ms.synctex.gz arxiv.tar.gz src/tex/figures src/tex/output .snakemake .showyourwork .dvc/tmp/showyourwork \
	.pytest_cache .ruff_cache

# In a fresh clone, all data at once. What cannot be had is named by the build, or by the test, that needs it.
FETCH := test -d .dvc/cache || { echo "Fetching the data"; $(VENV_PATH) dvc pull -q --allow-missing || :; }

ifeq ($(shell command -v conda),)
PAPER_NEEDS := setup
SHOWYOURWORK := $(VENV_PATH) tools/no-conda/showyourwork
else
SHOWYOURWORK := showyourwork
endif

paper: $(PAPER_NEEDS)
	@$(FETCH)
	@$(SHOWYOURWORK) build -c$(CORES)
	@echo "The paper is $$PWD/ms.pdf"
	@python3 tools/typesetting.py

site: paper
	@tools/ensure-programs dot
	@$(VENV_PATH) digs site

setup: $(READY)
	@tools/ensure-tex

$(READY): requirements.lock pyproject.toml
	@tools/ensure-venv .venv
	@touch $@

test: $(READY)
	@tools/ensure-programs dot chromium
	@$(FETCH)
	@$(VENV_PATH) ruff check .
	@$(VENV_PATH) python -m pytest -n $(CORES) --dist loadgroup

test-long: $(READY)
	@$(FETCH)
	@$(VENV_PATH) python -m pytest -m long -o faulthandler_timeout=0 -n $(CORES) --dist loadgroup

audit: $(READY)
	@$(FETCH)
	@$(VENV_PATH) digs audit --rebuild

smoke: setup
	@$(VENV_PATH) python tools/smoke.py

clean:
	@git clean -qfdX -- $(BUILT)

.PHONY: paper site setup test test-long audit smoke clean
.DEFAULT_GOAL := paper
