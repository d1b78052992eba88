"""The explorer: spectra at the move of a slider, and posteriors beside them, in the browser alone."""

import math
from typing import Any

from digs.config.theta import Parameter, parameters
from digs.inference.posterior import FIDUCIAL
from digs.paper.plotting import FEATURES
from digs.physics.response import DUST
from digs.provenance.audit import Project
from digs.provenance.pipeline import Pipeline
from digs.provenance.site.addresses import EXPLORER, product_page, stage_page
from digs.provenance.site.data_scripts import data_script
from digs.provenance.site.pages import Page, SearchEntry, filled
from digs.provenance.site.population_data import RATIO_STEP, STEP, Populations, bound, for_browser
from digs.provenance.site.reference_draws import (
    CHAINS_FILE,
    EVERY,
    GALAXY,
    GALAXY_POSTERIOR_FILE,
    LEVELS,
    NETWORK_FILES,
    POPULATIONS_FILE,
    POSTERIORS_FILE,
    REFERENCE_FILE,
    SAMPLED,
    SEED,
    SHOWN,
    TEST,
    draws_for_browser,
    read_reference,
)
from digs.provenance.site.stored_products import stored_file

POPULATIONS_SCRIPT, DRAWS_SCRIPT = "data/populations.js", "data/draws.js"

# LaTeX of the paper's labels in plain characters
_PLAIN = {
    r"\log_{10}": "log ",
    r"M/M_\odot": "M/M⊙",
    r"Z/Z_\odot": "Z/Z⊙",
    r"\tau_{\lambda,2}": "dust2",
    r"\tau/{\rm Gyr}": "τ/Gyr",
    r"t_{\rm age}": "age",
    r"\alpha": "α",
    r"\beta": "β",
    r"\,\AA": "\N{NO-BREAK SPACE}Å",
    "\N{ANGSTROM SIGN}": "Å",
    r"\,": "\N{NO-BREAK SPACE}",
    "$": "",
}

_MORE_FEATURES = {"Mg b": 5176.4, "Na D": 5894.6}  # Angstrom, in vacuum: means of the blends

# of the draws: what they are called, where they are from, and how they are drawn (site's colour, dashes)
_SETS = {
    "mcmc": ("MCMC", "emcee on the exact simulator", "--mcmc", (5, 3)),
    "paper": ("NPE, network paper", "the recipe of Khullar et al. (2022)", "--recipe", (1.5, 2)),
    FIDUCIAL: (f"NPE, network {FIDUCIAL}", "this project's own", "--npe", ()),
}

_SOURCES = {
    POPULATIONS_FILE: "the stars and the gas of the populations that the simulator sums",
    GALAXY: "the galaxy of Fig. 3 and its noisy spectrum",
    TEST: "the test galaxies and their noisy spectra",
    REFERENCE_FILE: "MCMC of the first test galaxies, with proof of convergence",
    CHAINS_FILE: "MCMC of the galaxy of Fig. 3",
    POSTERIORS_FILE: "draws of the network paper for the test galaxies",
    GALAXY_POSTERIOR_FILE: "draws of the network paper for the galaxy of Fig. 3",
    NETWORK_FILES[-1]: f"the network {FIDUCIAL}, whose draws are made with this site",
}


def plain(latex: str) -> str:
    r"""Return LaTeX of a label in plain characters.

    Example:
        >>> plain(r"$\log_{10} M/M_\odot$")
        'log M/M⊙'
    """
    for code, character in _PLAIN.items():
        latex = latex.replace(code, character)
    return latex.replace("  ", " ")


def _slider(parameter: Parameter) -> dict[str, Any]:
    label = plain(parameter.label)
    return {
        "name": parameter.name,
        "label": label,
        "unit": parameter.unit,
        "about": plain(parameter.description),
        "low": parameter.low,
        "high": parameter.high,
    }


def _features() -> list[tuple[str, float]]:
    """Spectral features that one talks about, from blue to red."""
    named = {plain(name): wavelength for name, wavelength in FEATURES.items()} | _MORE_FEATURES
    return sorted(named.items(), key=lambda each: each[1])


def _sources(pipeline: Pipeline) -> list[dict[str, str]]:
    found = []
    for file, about in _SOURCES.items():
        stage = pipeline.maker(file)
        found.append(
            {
                "file": file.removeprefix("src/data/"),
                "about": about,
                "product": product_page(file),
                "stage": stage.name if stage else "",
                "stage_page": stage_page(stage.name) if stage else "",
            }
        )
    return found


def explorer_page(project: Project, origin: str) -> Page:
    """Return the page of the explorer, with the scripts that hold its data.

    Args:
        origin: what the site is made from, in words.
    Raises:
        DigsError: a data product is missing or damaged.
    """
    pipeline = project.pipeline
    reference = read_reference(pipeline)
    populations = Populations.of(stored_file(pipeline, POPULATIONS_FILE), reference.prior)
    settings = reference.parameters
    sliders = [_slider(each) for each in parameters(reference.prior)]
    widest = max(each["high"] - each["low"] for each in sliders)
    setup = {
        "parameters": sliders,
        "converged": {name: settings["reference"][name] for name in ("r_hat", "sample_size")},
        "features": _features(),
        "sets": {
            key: dict(zip(("name", "about", "colour", "dashes"), each, strict=True)) for key, each in _SETS.items()
        },
    }
    scripts = {
        POPULATIONS_SCRIPT: data_script("DIGS_POPULATIONS", for_browser(populations)),
        DRAWS_SCRIPT: data_script("DIGS_DRAWS", draws_for_browser(reference)),
    }
    values = {
        "origin": origin,
        "sliders": sliders,
        "setup": setup,
        "sets": _SETS,
        "fraction": settings["noise"]["fraction"],
        "pixels": len(populations.wavelength),
        "sps_label": populations.label,
        "gas": populations.gas,
        "dust": DUST,
        "bounds": (STEP / 2, RATIO_STEP / 2, bound(reference.prior)),
        "shown": len(reference.rows),
        "every": EVERY,
        "reference": reference.galaxies,
        "converged": settings["reference"],
        "draws": SHOWN,
        "decimals": math.floor(-math.log10(widest / LEVELS)),
        "rounding": widest / LEVELS / 2,
        "sampled": SAMPLED,
        "seed": SEED,
        "sources": _sources(pipeline),
        "scripts": list(scripts),
    }
    entry = SearchEntry(
        "page", "Explorer", "sliders, spectrum, chi-squared, posteriors, corner plot, MCMC and NPE", EXPLORER
    )
    return Page(EXPLORER, filled("explorer.html.j2", EXPLORER, values), [entry], scripts)
