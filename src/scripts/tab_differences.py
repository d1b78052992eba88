"""Table `tab_differences`: where text, figures and code of Khullar et al. (2022) differ, and what it changes."""

from digs import paths, published
from digs.artifacts import read_json
from digs.cli import run
from digs.formatting import from_to, with_its_error
from digs.params import load_params
from digs.plotting import save_rows
from digs.priors import NAMES

NOT_MEASURED = "not measured"


def ratios_to_exact(network: str) -> str:
    """Half-widths by a network over those by `exact`, for the galaxy of Fig. 3: the least and the greatest."""
    measured = read_json(paths.DATA / "lookup_experiment.json")["measured"]
    widths, exact = (
        [measured[each]["galaxy"][name]["half_width"]["value"] for name in NAMES] for each in (network, "exact")
    )
    ratios = [width / other for width, other in zip(widths, exact, strict=True)]
    return f"half-widths times ${from_to(min(ratios), max(ratios))}$"


def fixed_noise() -> str:
    """What noise in units of the data's flux does to the exact posterior."""
    numbers = read_json(paths.DATA / "comparison.json")["fixed_sigma"]
    ratio, shift = ([numbers[name][key] for name in NAMES] for key in ("ratio", "shift"))
    most = max(shift, key=lambda each: abs(each["value"]))
    ends = from_to(min(each["value"] for each in ratio), max(each["value"] for each in ratio), 3)
    return f"half-widths times ${ends}$, medians by up to ${with_its_error(most)}$ half-widths"


def interval(low: float, high: float) -> str:
    return f"$[{low:g}, {high:g}]$"


def main() -> None:
    """Write the rows of the table of differences within the paper."""
    params = load_params()
    prior, spectrum = params.prior, params.spectrum
    ours = {
        "dust2": interval(*prior.dust2),
        "tau": interval(*(10**end for end in prior.logtau)),
        "tage": interval(*prior.tage),
        "wavelength": f"{spectrum.wavelength_start:.0f}--{spectrum.wavelength_stop:.0f}\\,\\AA",
        "smoothing": f"{spectrum.smoothing:.0f}\\,km\\,s$^{{-1}}$, sampled",
        "noise": f"{100 * params.noise.fraction:g}\\% of the flux",
        "pairs": r"each $\theta$ with its own spectrum",
        "likelihood": "of the model's flux",
        "batch": "as Table~\\ref{tab:search}",
    }
    effects = {
        "dust2": f"\\texttt{{table1}}: {ratios_to_exact('table1')}, with $\\tau$",
        "tau": r"\texttt{table1}, see above",
        "pairs": f"\\texttt{{lookup}}: {ratios_to_exact('lookup')}",
        "likelihood": fixed_noise(),
    }
    save_rows(
        "tab_differences",
        [
            (row.what, row.text, row.figures, row.code, ours[key], effects.get(key, NOT_MEASURED))
            for key, row in published.DIFFERENCES.items()
        ],
    )


if __name__ == "__main__":
    run(main)
