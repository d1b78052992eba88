"""Stage `general_validation`: posteriors of made spectra over the whole range of the general network."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np
import torch

from digs.base import paths
from digs.base.benchmark import machine
from digs.base.progress import progress
from digs.config.params import load_params
from digs.config.stages.general_validation_settings import GeneralValidationSettings
from digs.diagnostics.joint import simultaneous_band
from digs.exact.normal.nuisances import Nuisances
from digs.exact.normal.spectrum_density import DISPERSION
from digs.files.product import write_product
from digs.files.resumable import SCRATCH, ResumableParts
from digs.files.schemas.general_validation_schema import GENERAL_VALIDATION
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.general.general_network import NETWORK_FILE, stored_general_network
from digs.inference.general_check import validation_parts
from digs.inference.general_check.cell_report import (
    LEVELS,
    CellNumbers,
    bare_report,
    cells_report,
    cells_verdicts,
    chains_report,
    opponent_report,
    rank_curve,
)
from digs.inference.general_check.cells import MISSING, all_cells
from digs.inference.general_check.galaxy_numbers import NUMBERS
from digs.inference.general_check.made_spectra import GalaxyMaker
from digs.inference.general_check.validation_parts import ValidationParts
from digs.physics.linear.shapes import BASIS_FILE
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients
from digs.physics.results import write_result
from digs.physics.stored_populations import POPULATIONS_FILE, stored_populations
from digs.provenance.records import run_stage


def measured(
    settings: GeneralValidationSettings, parts: ResumableParts, work: ValidationParts
) -> dict[str, np.ndarray]:
    """Return the rows of all galaxies by kind of measurement, shape (cells, galaxies, ...).

    Of bare galaxies there are the cells of the highest signal-to-noise.
    """
    counts = {
        "engine": settings.galaxies,
        "chains": settings.chains.galaxies,
        "templates": settings.templates.galaxies,
        "bare": settings.bare.galaxies,
    }
    cells = all_cells(settings.signal)
    places = {kind: range(len(cells)) for kind in counts} | {"bare": range(len(cells) - len(MISSING), len(cells))}
    blocks = [
        (kind, place, first, min(first + settings.at_once, count))
        for kind, count in counts.items()
        for place in places[kind]
        for first in range(0, count, settings.at_once)
    ]
    warm = set()
    for kind, place, first, last in progress(blocks, desc="Validation", unit="block"):
        if (name := f"{kind}-{place}-{first}") not in parts:
            if kind not in warm:  # what all galaxies share is not part of any one's seconds
                getattr(work, kind)(cells[0], [0])
                warm.add(kind)
            parts.save(name, getattr(work, kind)(cells[place], range(first, last)))
    load = lambda kind, place: np.concatenate(
        [parts.load(f"{kind}-{place}-{first}") for first in range(0, counts[kind], settings.at_once)]
    )
    return {kind: np.stack([load(kind, place) for place in places[kind]]) for kind in counts}


def main() -> None:
    """Find the posteriors (resumes after an interruption), and say what they are like."""
    params = load_params(GeneralValidationSettings)
    settings = params.general_validation
    torch.set_num_threads(1)
    components, assumed = stored_general_network().components, EngineSettings(walk=settings.walk)
    maker = GalaxyMaker(components, assumed, settings.seed)
    bare_maker = GalaxyMaker(components, assumed, settings.seed, Nuisances.none())
    depends = settings.model_dump(exclude={"bars": {"confidence", "first", "first_worst", "share", "ratio", "shift"}})
    inputs = POPULATIONS_FILE, BASIS_FILE, NETWORK_FILE
    parts = ResumableParts(SCRATCH / "general_validation", depends, validation_parts.__file__, *inputs)
    found = measured(settings, parts, ValidationParts(maker, bare_maker, settings))
    cells, bars = all_cells(settings.signal), settings.bars
    names = (*SpectrumCoefficients(free_gas=True).names, DISPERSION)
    numbers = CellNumbers(cells, names, found["engine"])
    report = cells_report(numbers, bars)
    chains = chains_report(found["chains"].reshape(-1, 1 + len(names), 2), bars)
    ours = found["engine"][:, : settings.templates.galaxies, [NUMBERS.index("effective"), NUMBERS.index("seconds")]]
    opponent = opponent_report(cells, ours, found["templates"])
    bare = bare_report(CellNumbers(cells[-len(MISSING) :], names, found["bare"]), bars)
    met = {**cells_verdicts(report, bars), **chains.pop("met"), **opponent.pop("met"), **bare.pop("met")}
    content = {"machine": machine(), **settings.model_dump(), "names": names}
    results = {"measured": report, "emcee": chains, "opponent": opponent, "bare": bare, "met": met}
    write_result(paths.DATA / "general_validation.json", {**content, **results})
    curves = [[rank_curve(column) for column in cell.T] for cell in numbers.ranks]
    pooled = [rank_curve(column) for column in numbers.ranks.reshape(-1, len(names)).T]
    together = simultaneous_band(numbers.of("joint").size, LEVELS, bars.confidence ** (1 / len(names)))
    each = simultaneous_band(settings.galaxies, LEVELS, bars.confidence ** (1 / (len(names) * len(cells))))
    arrays = {"level": LEVELS, "rank_cdf": np.array(pooled), "band": together}
    arrays |= {"cell_rank_cdf": np.array(curves), "cell_band": each}
    settings_of = {"general_validation": settings.model_dump()}
    path, label = paths.DATA / "general_validation.h5", stored_populations().label
    write_product(path, GENERAL_VALIDATION, arrays, parameters=settings_of, names=list(names), sps_label=label)
    parts.forget()


if __name__ == "__main__":
    run_stage(main)
