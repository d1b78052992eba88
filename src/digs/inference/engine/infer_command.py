"""The command `digs infer`: posteriors of spectra in files, and of catalogues."""

import errno
import logging
import os
import re
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from digs.base import inputs
from digs.base.errors import DigsError
from digs.base.progress import progress
from digs.exact.normal.nuisances import Nuisances
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.galaxy_posterior import GalaxyPosterior
from digs.inference.engine.prior_of_user import check_marginals, read_marginals, with_marginals
from digs.inference.engine.spectra_inference import ANY_REDSHIFT, columns_of, distinct, one_posterior, share_of_light
from digs.inference.engine.spectrum_posteriors import SpectrumPosteriors
from digs.inference.results.drawing_process import drawing_process
from digs.inference.results.posterior_table import write_table
from digs.observations.printable import printable
from digs.observations.reading import MOST_AT_ONCE, SpectrumFile
from digs.observations.spectrum import Spectrum
from digs.physics.stored_populations import stored_populations

CATALOGUE = ".zarr"  # what the name of a catalogue's posteriors ends in
INTERRUPTED = 130  # exit status
_LONGEST_NAME, _LONGEST_FILE_NAME = 80, 60  # letters, which may have four bytes each
_FEW_PICTURES = 3  # galaxies, up to which pictures are drawn here
_READING = ("resolution", "sigma_kms", "medium", "ebv", "dust_law", "wavelength_unit", "flux_unit", "light")

_OF_FEW = {  # options that catalogues do not take, and what to do instead
    "prior": "reweight the draws that are stored",
    "fibre_fraction": "subtract log10 of the share from the logarithms of the masses that are stored",
    "no_pictures": "leave it out, as there are none",
}


def infer_files(**options: Any) -> int:
    """Give posteriors of spectra in files, and return the exit status.

    Args:
        options: those of digs.inference.engine.infer_options.
    Raises:
        DigsError: a file or an option is wrong.
    """
    options["draws"], options["seed"] = inputs.draws_wanted(options["draws"]), inputs.seed(options["seed"])
    settings = EngineSettings(
        history=options["history"],
        dispersion=options["dispersion"],
        nuisances=Nuisances(
            calibration=options["calibration"],
            floor=options["floor"],
            lines=options["lines"],
            redshift=options["redshift_error"],
        ),
        effective=options["effective"],
    )
    reading = {name: options[name] for name in _READING if options[name] is not None}
    reading |= {"redshift": options["redshift"]} if options["redshift"] is not None else {}
    reading |= {"mask_lines": options["mask"]} if options["mask"] else {}
    files, out = [Path(file) for file in options["file"]], Path(options["out"])
    if out.suffix != CATALOGUE and (options["scheduler"] or options["workers"] != 1):
        raise DigsError("--workers and --scheduler are for catalogues; let the name in --out end in .zarr.")
    run = _catalogue if out.suffix == CATALOGUE else _files
    try:
        return run(files, out, settings, reading, options)
    except OSError as error:
        raise DigsError(
            f"{_shown(out)} could not be finished ({_reason(error)}); see to that, and run the same command again."
        ) from None


def _files(
    files: list[Path], out: Path, settings: EngineSettings, reading: dict[str, Any], options: dict[str, Any]
) -> int:
    """Posteriors of a few spectra; what is done is written even if the rest is interrupted."""
    fraction, marginals = share_of_light(options["fibre_fraction"]), read_marginals(options["prior"])
    check_marginals(columns_of(settings, ANY_REDSHIFT), marginals)
    spectra, names = _spectra(files, reading)
    stems = distinct([_file_name(name) for name in names], "_")
    for spectrum in spectra:
        settings.check_redshift(spectrum.redshift)
    status, alone = 0, len(spectra) == 1
    _make_folder(out)
    done: list[SpectrumPosteriors] = []
    bar = progress(list(zip(spectra, names, stems, strict=True)), desc="Posteriors", unit="galaxy")
    # which takes some seconds to get ready, and a core
    several = len(spectra) > _FEW_PICTURES and len(os.sched_getaffinity(0)) > 1
    drawing = drawing_process() if several and not options["no_pictures"] else nullcontext()
    try:
        with drawing as executor:
            for spectrum, name, stem in bar:
                posterior = one_posterior(spectrum, settings, options["draws"], options["seed"], alone, name)
                one = _together([posterior], [spectrum], [name], settings, fraction)
                if marginals and one.there[0]:
                    one = with_marginals(one, marginals, settings, [spectrum.redshift], strict=alone)
                if not options["no_pictures"] and one.there[0]:
                    one.write_pictures(0, out, stem, executor)
                done.append(one)
                reason = f" ({one.reason[0]})" if one.reason[0] else ""
                bar.write(f"{name}: {one.verdict[0]}{reason}", file=sys.stdout)
                for note in one.notes[0][:-1]:  # the last one is in the table, and says what all masses are
                    bar.write(f"    {note}", file=sys.stdout)
    except KeyboardInterrupt:
        print(f"digs: interrupted; {len(done)} of {len(spectra)} galaxies are done and kept.", file=sys.stderr)
        status = INTERRUPTED
    if done:
        together = SpectrumPosteriors.together(done)
        if together.there.any():
            together.write_tree(out / "posteriors.nc", seed=options["seed"])
        write_table(together.table, out / "posteriors.ecsv")
        print(f"{len(done)} posteriors: {out / 'posteriors.ecsv'}" + _tree_in_words(together, out))
    return status


def _tree_in_words(found: SpectrumPosteriors, out: Path) -> str:
    return f", {out / 'posteriors.nc'}" if found.there.any() else ""


def _together(
    found: list[GalaxyPosterior], spectra: list[Spectrum], names: list[str], settings: EngineSettings, fraction: Any
) -> SpectrumPosteriors:
    return SpectrumPosteriors.of(found, spectra, names, settings, stored_populations().label, fraction)


def _spectra(files: list[Path], reading: dict[str, Any]) -> tuple[list[Spectrum], list[str]]:
    """The spectra of all files, each of which holds a few, and what they are called; of many, a bad one is left out."""
    spectra: list[Spectrum] = []
    names: list[str] = []
    bad: list[DigsError] = []
    for path in files:
        with SpectrumFile(path, **reading) as file:
            if len(spectra) + len(file) > MOST_AT_ONCE:
                raise DigsError(
                    f"{file.name} brings the spectra to more than {MOST_AT_ONCE}; give it as a catalogue, with a name "
                    "in --out that ends in .zarr."
                )
            for row in range(len(file)):
                try:
                    spectra.append(file[row])
                except DigsError as error:
                    bad.append(error)
                    continue
                names.append(spectra[-1].name or printable(path.stem, _LONGEST_NAME))
    if bad and not spectra:
        raise bad[0]
    for error in bad:
        print(f"digs: left out: {error}", file=sys.stderr)
    return spectra, distinct(names)


def _catalogue(
    files: list[Path], out: Path, settings: EngineSettings, reading: dict[str, Any], options: dict[str, Any]
) -> int:
    from digs.inference.catalogue.catalogue_run import CatalogueRun, run_catalogue

    for name, remedy in _OF_FEW.items():
        given = options[name]
        if not (given is None or given is False or given == []):
            raise DigsError(f"--{name.replace('_', '-')} is for single spectra; of a catalogue, {remedy}.")
    if len(files) != 1:
        raise DigsError(f"{len(files)} files are given; a catalogue is one file or Zarr folder.")
    _make_folder(out.parent)
    run = CatalogueRun(files[0], settings, options["draws"], options["seed"], reading)
    try:
        store = run_catalogue(run, out, options["workers"], options["scheduler"])
    except KeyboardInterrupt:
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # which complains of what Zarr was about to write
        print(f"digs: interrupted; the same command goes on where {out} ends.", file=sys.stderr)
        return INTERRUPTED
    verdict = store.group["verdict"][:]
    counts = [f"{int((verdict == k).sum())} {kind}" for k, kind in enumerate(store.group.attrs["verdicts"])]
    print(f"{len(verdict)} galaxies in {out}: " + ", ".join(each for each in counts if not each.startswith("0 ")))
    return 0


def _file_name(name: str) -> str:
    """A name that is safe as that of a file."""
    return re.sub(r"[^\w.+-]+", "_", name).strip("._-")[:_LONGEST_FILE_NAME] or "spectrum"


def _make_folder(path: Path) -> None:
    """Make a folder of results, before hours are spent on them."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "")
    except (OSError, ValueError) as error:
        raise DigsError(
            f"Nothing can be written to {_shown(path)} ({_reason(error)}); choose another folder for --out."
        ) from None


def _shown(path: Path) -> str:
    return printable(str(path), 2 * _LONGEST_NAME)


def _reason(error: OSError | ValueError) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number).lower() if number else printable(str(error), _LONGEST_NAME) or type(error).__name__
