"""Files of one known spectrum that is altered in ways that readers meet, and what is to come of each."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import zarr
from astropy.io import fits

PIXELS = 60
C = 2.99792458e18  # Angstrom / s
CGS = 1e-17
HOSTILE = (
    *("../../etc/passwd", "/abs/olute", "a\x1b[2Jb", "x" * 10_000, "\u202egnp.exe", "nul\x07", "..", "-rf", "é" * 300),
    *("a/b", "con:", "{0}%s%n", "$(touch sprung)", "`touch sprung`", "'; --", "<script>", " ", "a\tb", "\\..\\.."),
)
LENGTHS = {"Angstrom": 1.0, "nm": 0.1, "um": 1e-4, "micron": 1e-4, "m": 1e-10, "AA": 1.0, "cm": 1e-8}
DENSITIES: dict[str, Callable] = {  # what makes numbers in a unit of F_lambda in erg/s/cm2/Angstrom
    "1e-17 erg/s/cm2/Angstrom": lambda f, w: f / 1e-17,
    "erg/s/cm2/Angstrom": lambda f, w: f,
    "10**-16 erg/s/cm2/Angstrom": lambda f, w: f / 1e-16,
    "erg/s/cm2/um": lambda f, w: f * 1e4,
    "W/m2/um": lambda f, w: f * 10,
    "erg/s/cm2/nm": lambda f, w: f * 10,
    "Jy": lambda f, w: f * w**2 / C * 1e23,
    "uJy": lambda f, w: f * w**2 / C * 1e29,
    "mJy": lambda f, w: f * w**2 / C * 1e26,
    "erg/s/cm2/Hz": lambda f, w: f * w**2 / C,
}


@dataclass
class Model:
    """A spectrum as it is written, and what is expected.

    wavelength, flux, sigma: in Angstrom in vacuum and erg/s/cm2/Angstrom.
    hidden: pixels that are not to be used.
    written: arrays as they stand in the file, by name.
    units: as they stand in the file, by name.
    facts: what the header says.
    refused: whether a sentence must come of it.
    packed: scale, offset and what stands for no number, where fluxes are written as whole numbers.
    """

    wavelength: np.ndarray
    flux: np.ndarray
    sigma: np.ndarray
    hidden: np.ndarray
    written: dict[str, np.ndarray] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    refused: bool = False
    packed: tuple[float, float, int] | None = None


def base(random: np.random.Generator) -> Model:
    """Return a spectrum in units that are drawn, nothing wrong with it."""
    wavelength = np.geomspace(4000, 7000, PIXELS) * random.uniform(0.9, 1.1)
    sigma = CGS * random.uniform(0.5, 1.5, PIXELS)
    flux = 20 * CGS + sigma * random.standard_normal(PIXELS)
    model = Model(wavelength, flux, sigma, np.zeros(PIXELS, bool))
    length, density = random.choice(list(LENGTHS)), random.choice(list(DENSITIES))
    model.units = {"wavelength": length, "flux": density}
    of = DENSITIES[density]
    noise = random.choice(["sigma", "ivar", "variance"])
    error = of(sigma, wavelength)
    with np.errstate(all="ignore"):
        model.written = {
            "wavelength": wavelength * LENGTHS[length],
            "flux": of(flux, wavelength),
            noise: {"sigma": error, "ivar": error**-2.0, "variance": error**2}[noise],
        }
    if random.random() < 0.5:
        model.written["mask"] = np.zeros(PIXELS, "i4")
    model.facts = {"redshift": 0.1, "resolution": 1500.0, "medium": "vacuum", "name": "galaxy"}
    return model


def _some(random: np.random.Generator) -> np.ndarray:
    return random.integers(PIXELS, size=random.integers(1, 10))


def _noise(model: Model) -> str:
    return next(name for name in ("sigma", "ivar", "variance") if name in model.written)


def bad_flux(model: Model, random: np.random.Generator) -> None:
    some = _some(random)
    model.written["flux"][some] = random.choice([np.nan, np.inf, -np.inf])
    model.hidden[some] = True


def bad_noise(model: Model, random: np.random.Generator) -> None:
    some, noise = _some(random), _noise(model)
    model.written[noise][some] = random.choice([np.nan, np.inf, 0.0, -1.0])
    model.hidden[some] = True


def masked(model: Model, random: np.random.Generator) -> None:
    some = _some(random)
    model.written["mask"] = np.zeros(PIXELS, "i4")
    model.written["mask"][some] = 2 ** random.integers(0, 30)
    model.hidden[some] = True


def nothing_left(model: Model, random: np.random.Generator) -> None:
    which = random.integers(4)
    if which == 3:
        model.written["mask"] = np.ones(PIXELS, "i4")
    else:
        name = ("flux", "wavelength", _noise(model))[which]
        model.written[name][:] = random.choice([np.nan, 0.0])
    model.refused = True


def disorder(model: Model, random: np.random.Generator) -> None:
    wavelength = model.written["wavelength"]
    place = random.integers(1, PIXELS - 1)
    which = random.integers(6)
    if which == 0:
        wavelength[place] = wavelength[place - 1]
    elif which == 1:
        wavelength[:] = wavelength[::-1].copy()
    elif which == 2:
        wavelength[:] = np.roll(wavelength, place)
    elif which == 3:
        wavelength[place] = random.choice([np.nan, np.inf, -1.0, 0.0])
    elif which == 4:
        wavelength[:] = -wavelength
    else:
        wavelength[:] = wavelength[place]
    model.refused = True


def ends(model: Model, random: np.random.Generator) -> None:
    """Pixels at the ends without a wavelength, which are left out."""
    count = random.integers(1, 8)
    model.written["wavelength"][:count] = random.choice([np.nan, 0.0, -1.0])
    _leave_out(model, np.arange(PIXELS) < count, written=False)


def gap(model: Model, random: np.random.Generator) -> None:
    first = random.integers(5, 40)
    _leave_out(model, (np.arange(PIXELS) >= first) & (np.arange(PIXELS) < first + random.integers(1, 12)))


def _leave_out(model: Model, out: np.ndarray, written: bool = True) -> None:
    for name in ("wavelength", "flux", "sigma", "hidden"):
        setattr(model, name, getattr(model, name)[~out])
    if written:
        model.written = {name: values[~out] for name, values in model.written.items()}


def wrong_unit(model: Model, random: np.random.Generator) -> None:
    which = random.integers(3)
    if which == 0:
        model.units["wavelength"] = random.choice(
            ["kg", "Hz", "s", "counts", "eV", "mag", "1e99 m", "Angstrom2", "x" * 500]
        )
    elif which == 1:
        model.units["flux"] = random.choice(
            ["counts", "K", "mag(AB)", "erg/s", "Jy/beam", "adu", "dex", "0 Jy", "nan Jy"]
        )
    else:  # numbers of one unit that are said to be in another
        model.written["wavelength"] = model.wavelength * 0.1
        model.units["wavelength"] = random.choice(["Angstrom", "um"])
    model.refused = True


def no_unit(model: Model, random: np.random.Generator) -> None:
    del model.units[random.choice(["wavelength", "flux"])]
    model.refused = True


def bad_fact(model: Model, random: np.random.Generator) -> None:
    name = random.choice(["redshift", "resolution", "medium"])
    values = {
        "redshift": [np.nan, -5.0, np.inf, 1e9, -np.inf],
        "resolution": [np.nan, 0.0, -1.0, np.inf, 1e300],
        "medium": ["water", "", "airvacuum", "x" * 3000],
    }[name]
    model.facts[name] = values[random.integers(len(values))]
    model.refused = True


def no_fact(model: Model, random: np.random.Generator) -> None:
    del model.facts[random.choice(["redshift", "resolution", "medium"])]
    model.refused = True


def lengths(model: Model, random: np.random.Generator) -> None:
    if random.random() < 0.5:
        count = random.integers(0, 2)
        model.written = {name: values[:count] for name, values in model.written.items()}
    else:
        name = random.choice(list(model.written))
        model.written[name] = model.written[name][: random.integers(0, PIXELS)]
    model.refused = True


def twice(model: Model, random: np.random.Generator) -> None:
    name = random.choice(["flux", "wavelength"])
    other = {"flux": "flam", "wavelength": "lambda"}[name]
    model.written[other], model.units[other] = model.written[name].copy(), model.units[name]
    model.refused = True


def missing(model: Model, random: np.random.Generator) -> None:
    del model.written[random.choice(["flux", "wavelength"])]
    model.refused = True


def strange_name(model: Model, random: np.random.Generator) -> None:
    model.facts["name"] = HOSTILE[random.integers(len(HOSTILE))]


def more_columns(model: Model, random: np.random.Generator) -> None:
    for _ in range(random.integers(1, 4)):
        name = random.choice(["sky", "continuum", "wave2", "x" * 60, "model", "flux2", "quality2"])
        model.written[name] = random.standard_normal(len(model.written["flux"]))


def integers(model: Model, random: np.random.Generator) -> None:
    """Fluxes as whole numbers with a scale, one of which stands for no number."""
    some, flux = _some(random), model.written["flux"]
    scale, offset = np.ptp(flux) / 30_000, flux.min()
    whole = np.round((flux - offset) / scale).astype("i4")
    density = DENSITIES[model.units["flux"]](np.ones(PIXELS), model.wavelength)
    model.flux = (whole * scale + offset) / density
    whole[some] = -9999
    model.hidden[some] = True
    model.written["flux"], model.packed = whole, (float(scale), float(offset), -9999)


def nothing(model: Model, random: np.random.Generator) -> None:
    pass


ALTERATIONS = (
    *(nothing, bad_flux, bad_noise, masked, nothing_left, disorder, ends, gap, wrong_unit, no_unit, bad_fact, no_fact),
    *(lengths, twice, missing, strange_name, more_columns, integers),
)


def altered(random: np.random.Generator) -> tuple[Model, str]:
    """Return a spectrum with one thing changed, or two, and what."""
    model = base(random)
    first = ALTERATIONS[random.integers(len(ALTERATIONS))]
    first(model, random)
    if random.random() < 0.3 and model.packed is None:
        bad_flux(model, random) if len(model.written.get("flux", ())) == PIXELS == len(model.hidden) else None
    return model, first.__name__


def _line(text: Any) -> str:
    return str(text).replace("\n", " ").replace("\r", " ")


def _table_lines(model: Model, mark: str, brackets: bool) -> list[str]:
    names = [f"{name} ({model.units[name]})" if brackets and name in model.units else name for name in model.written]
    written = dict(model.written)
    if model.packed is not None:
        scale, offset, none = model.packed
        written["flux"] = np.where(written["flux"] == none, np.nan, written["flux"] * scale + offset)
    count = max(map(len, written.values()))
    cells = [[repr(float(v)) for v in values] + [""] * (count - len(values)) for values in written.values()]
    return [mark.join(names), *(mark.join(row) for row in zip(*cells, strict=True))]


def write_csv(model: Model, path: Path) -> None:
    facts = [f"# {key}: {_line(value)}" for key, value in model.facts.items()]
    path.write_text("\n".join([*facts, *_table_lines(model, ",", True)]), "utf-8")


def write_ecsv(model: Model, path: Path) -> None:
    unit = lambda name: f"unit: {json.dumps(str(model.units[name]))}, " if name in model.units else ""
    columns = [f"# - {{name: {name}, {unit(name)}datatype: float64}}" for name in model.written]
    facts = [f"# - {{{key}: {_yaml(value)}}}" for key, value in model.facts.items()]
    header = ["# %ECSV 1.0", "# ---", "# delimiter: ','", "# datatype:", *columns, "# meta: !!omap", *facts]
    path.write_text("\n".join([*header, "# schema: astropy-2.0", *_table_lines(model, ",", False)]), "utf-8")


def _yaml(value: str | float) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value).replace("nan", ".nan").replace("inf", ".inf")


def _card(text: Any) -> Any:
    if isinstance(text, str):
        return "".join(letter if " " <= letter <= "~" else "?" for letter in text)[:60]
    return text if np.isfinite(text) else str(text)


def _write_fits(model: Model, path: Path, vector: bool) -> None:
    columns = []
    longest = max(map(len, model.written.values()))
    vector = vector and longest > 0  # astropy writes no rows of nothing
    for name, values in model.written.items():
        code = "J" if values.dtype.kind == "i" else "D"
        unit = _card(model.units[name]) if name in model.units else None
        if vector:
            columns.append(fits.Column(name, f"{len(values)}{code}", unit=unit, array=values[None]))
        else:  # a table has columns of one length: what lacks is nan
            padded = np.full(longest, np.nan) if code == "D" else np.zeros(longest, "i4")
            padded[: len(values)] = values
            columns.append(fits.Column(name, code, unit=unit, array=padded))
    table = fits.BinTableHDU.from_columns(columns)
    if model.packed is not None:
        place = list(model.written).index("flux") + 1
        table.header[f"TSCAL{place}"], table.header[f"TZERO{place}"], table.header[f"TNULL{place}"] = model.packed
    for key, value in model.facts.items():
        table.header[{"name": "OBJECT", "resolution": "SPEC_RES"}.get(key, key).upper()] = _card(value)
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path, checksum=True)


def write_fits(model: Model, path: Path) -> None:
    _write_fits(model, path, vector=False)


def write_fits_rows(model: Model, path: Path) -> None:
    _write_fits(model, path, vector=True)


def _write_group(model: Model, group: Any, make: Callable, galaxies: int) -> None:
    for name, values in model.written.items():
        made = make(name, np.stack([values] * galaxies) if galaxies else values)
        if name in model.units:
            made.attrs["unit"] = str(model.units[name])
        if name == "flux" and model.packed is not None:
            made.attrs.update(dict(zip(("scale_factor", "add_offset", "_FillValue"), model.packed, strict=True)))
    for key, value in model.facts.items():
        if key == "name" and galaxies:
            make(
                "name",
                np.array([value] * galaxies, dtype=h5py.string_dtype() if isinstance(group, h5py.File) else None),
            )
        elif key == "redshift" and galaxies:
            make("redshift", np.full(galaxies, value))
        else:
            group.attrs[key] = value


def write_hdf5(model: Model, path: Path) -> None:
    with h5py.File(path, "w") as file:
        _write_group(model, file, lambda name, values: file.create_dataset(name, data=values), 0)


def write_hdf5_rows(model: Model, path: Path) -> None:
    with h5py.File(path, "w", libver="latest") as file:
        make = lambda name, values: file.create_dataset(
            name,
            data=values,
            **({"compression": "gzip", "fletcher32": True} if values.ndim == 2 and values.size else {}),
        )
        _write_group(model, file, make, 2)


def write_zarr(model: Model, path: Path, zarr_format: int = 2) -> None:
    group = zarr.open_group(str(path), mode="w", zarr_format=zarr_format)
    make = lambda name, values: group.create_array(name, data=values)
    _write_group(model, group, make, 2)


def write_zarr3(model: Model, path: Path) -> None:
    write_zarr(model, path, 3)


WRITERS: dict[str, Callable[[Model, Path], None]] = {
    "model.csv": write_csv,
    "model.ecsv": write_ecsv,
    "model.fits": write_fits,
    "model-rows.fits": write_fits_rows,
    "model.h5": write_hdf5,
    "model-rows.h5": write_hdf5_rows,
    "model.zarr": write_zarr,
    "model3.zarr": write_zarr3,
}
