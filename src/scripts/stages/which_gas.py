"""Stage `which_gas`: the metallicity of the gas that Khullar et al. (2022) trained their released network with."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np
import torch

from digs.base import paths
from digs.base.errors import DigsError
from digs.config.params import load_params
from digs.config.stages.which_gas_settings import WhichGasSettings
from digs.files.product import read_product
from digs.files.schemas.released_schema import RELEASED
from digs.physics.results import write_result
from digs.physics.simulator import Simulator, stored_instrument
from digs.provenance.records import run_stage

KINDS = ("solar", "stars")


def main() -> None:
    """Compare mean log spectra over their library's theta with the mean that their network holds, up to a constant."""
    params = load_params(WhichGasSettings)
    torch.set_num_threads(params.threads)
    released = read_product(paths.ROOT / "src/static/khullar2022.h5", RELEASED)
    instrument = stored_instrument(params.which_gas.spectrum(params))
    if not np.allclose(instrument.wavelength, released["wavelength"]):
        raise DigsError("params.yaml: which_gas.wavelength or spectrum.pixels are not theirs; restore them.")
    theta, measured = torch.as_tensor(released["theta"]), {}
    for kind in KINDS:
        spectra = Simulator(instrument, gas=kind)(theta).double()
        difference = torch.log10(spectra).mean(0).numpy() - released["mean"]
        difference -= difference.mean()
        worst = int(np.abs(difference).argmax())
        measured[kind] = {
            "rms": float(difference.std()),
            "worst": float(difference[worst]),
            "worst_wavelength": float(instrument.wavelength[worst]),
            "difference": difference.round(5).tolist(),
        }
    rms = {kind: each["rms"] for kind, each in measured.items()}
    bar = params.which_gas.bar
    write_result(
        paths.DATA / "which_gas.json",
        {
            "galaxies": len(theta),
            "pixels": instrument.wavelength.tolist(),  # no setting, as `wavelength` is
            "measured": measured,
            "bar": bar,
            "passed": rms["solar"] <= bar < rms["stars"],
        },
    )


if __name__ == "__main__":
    run_stage(main)
