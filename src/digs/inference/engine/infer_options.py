"""The options of the command `digs infer`."""

import argparse
from typing import Any

from digs.exact.normal.nuisances import Nuisances

_HISTORIES = ("delayed tau", "binned")


def run_infer(**options: Any) -> int:
    """Give posteriors of galaxies from spectra in files: a table, a tree of draws for ArviZ, and pictures."""
    from digs.inference.engine.infer_command import infer_files  # which imports what takes seconds

    return infer_files(**options)


def add_infer_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand `infer` to those of the command."""
    one = commands.add_parser("infer", help=run_infer.__doc__, description=run_infer.__doc__)
    one.add_argument("file", nargs="+", metavar="FILE", help="FITS, ECSV, CSV or HDF5; or one catalogue, also Zarr")
    one.add_argument(
        "--out", default="posteriors", metavar="DIR", help="folder of the results; NAME.zarr for catalogues"
    )
    one.add_argument("--redshift", type=float, metavar="Z", help="of the galaxy, where the file does not say it")
    width = one.add_mutually_exclusive_group()
    width.add_argument("--resolution", type=float, metavar="R", help="total lambda / FWHM of the spectrograph")
    width.add_argument("--sigma-kms", type=float, metavar="S", help="its dispersion on top of the populations' own")
    one.add_argument("--medium", choices=("air", "vacuum"), help="of the wavelengths")
    one.add_argument("--mask", default="", metavar="LINES", help="to hide, for instance Halpha,5880-5910 (rest frame)")
    one.add_argument("--ebv", type=float, metavar="MAG", help="of the Milky Way, to be corrected for")
    one.add_argument("--dust-law", metavar="LAW", help="of dust_extinction (default: G23)")
    one.add_argument("--wavelength-unit", metavar="UNIT", help="for instance micron")
    one.add_argument("--flux-unit", metavar="UNIT", help="for instance '1e-17 erg/s/cm2/Angstrom'")
    one.add_argument("--light", metavar="PART", help="part of the galaxy that is seen, for instance fibre or total")
    one.add_argument(
        "--fibre-fraction",
        type=float,
        metavar="F",
        help="share of the galaxy's light in the spectrum, for total masses",
    )
    one.add_argument("--dispersion", type=float, metavar="KMS", help="of the galaxy (default: a parameter)")
    one.add_argument("--history", choices=_HISTORIES, default=_HISTORIES[0], help="of star formation")
    one.add_argument("--draws", type=int, default=1000, help="of each posterior (default: %(default)s)")
    one.add_argument("--effective", type=int, default=500, help="of these, at least (default: %(default)s)")
    one.add_argument("--seed", type=int, default=1, help="of the random numbers (default: %(default)s)")
    default = Nuisances()
    for name, words in (
        ("calibration", "relative error of each smooth mode of the flux calibration"),
        ("floor", "relative error of the populations"),
        ("lines", "relative scatter of emission lines"),
    ):
        one.add_argument(
            f"--{name}", type=float, default=getattr(default, name), help=f"{words} (default: %(default)s)"
        )
    one.add_argument("--redshift-error", type=float, default=default.redshift, metavar="DZ", help="of the redshift")
    one.add_argument(
        "--prior",
        action="append",
        default=[],
        metavar="COLUMN=DISTRIBUTION",
        help="of your own, for instance logzsol=normal(-0.2,0.1) or tage=uniform(1,5); may be given several times",
    )
    one.add_argument("--no-pictures", action="store_true", help="write no pictures")
    one.add_argument("--workers", type=int, default=1, help="processes, of a catalogue (default: %(default)s)")
    one.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster, for a catalogue")
    one.set_defaults(run=run_infer)
