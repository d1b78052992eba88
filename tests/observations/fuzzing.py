"""Files of all kinds, damaged, altered or hostile, and what must come of each: what was written, or one sentence."""

import os
import resource
import shutil
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from byte_damage import damaged
from hostile_files import FILES, ROWS
from made_files import MAKERS, OPTIONS, make_files
from made_models import WRITERS, Model, altered

from digs.base.errors import DigsError
from digs.inference.catalogue.catalogue_file import open_catalogue
from digs.observations import Spectrum, read_all
from digs.observations.spectrum import MOST_PIXELS

LONGEST = 5  # seconds of the processor
HANGS = 600  # seconds on the clock, as processors may be busy
LONGEST_SENTENCE = 400  # letters
MEMORY = 2**20  # kB more than before
KINDS = [name for name in MAKERS if name != "galaxy.h5"]  # for which a process starts, as for galaxies.h5
_NEVER = (
    "pickle.find_class",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.mkdir",
    "os.rename",
    "os.remove",
)
_CHECKER = "digs.observations.readers.hdf5_structure"
_seen: list[str] | None = None  # what is done by a reader that none may do


class FuzzError(Exception):
    """What a reader may not do, and does."""


class TooLongError(BaseException):
    """That time is up, which no reader makes a sentence of."""


def _watch(event: str, arguments: tuple) -> None:
    if _seen is None:
        return
    named = event == "open" and isinstance(arguments[0], str | bytes | Path) and isinstance(arguments[1], str)
    writes = named and set(arguments[1]) & set("wax+")
    starts = event == "subprocess.Popen" and _CHECKER not in list(arguments[1])
    if event in _NEVER or starts or (writes and arguments[0] != os.devnull):
        _seen.append(f"{event} {str(arguments[:2])[:100]}")


@contextmanager
def watched() -> Iterator[None]:
    """Fail if anything is run, written or unpickled, or takes too long or too much memory."""
    global _seen
    if not hasattr(watched, "hook"):
        watched.hook = _watch
        sys.addaudithook(_watch)  # which cannot be taken back
    previous = {each: signal.signal(each, _too_long) for each in (signal.SIGALRM, signal.SIGPROF)}
    memory, before = _peak(), sum(os.times()[:4])  # also of processes that were started
    signal.alarm(HANGS)
    signal.setitimer(signal.ITIMER_PROF, 2 * LONGEST)
    _seen = []
    try:
        try:
            yield
        except TooLongError as error:
            raise FuzzError(str(error)) from error
        seconds = sum(os.times()[:4]) - before
        if _seen:
            raise FuzzError(f"a reader does {_seen[0]}")
        if seconds > LONGEST:
            raise FuzzError(f"it takes {seconds:.1f} s")
        if _peak() - memory > MEMORY:
            raise FuzzError(f"it takes {(_peak() - memory) / 1024:.0f} MB")
    finally:
        _seen = None
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        for each, handler in previous.items():
            signal.signal(each, handler)


def _peak() -> int:
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _too_long(*_: object) -> None:
    raise TooLongError(f"it takes more than {2 * LONGEST} s of the processor, or {HANGS} s")


def spectra_of(path: Path, **options: object) -> list[Spectrum | DigsError]:
    """Return the spectra of a file or of a Zarr folder, and errors of those that are bad."""
    found: list[Spectrum | DigsError] = []
    try:
        if path.suffix != ".zarr":
            return list(read_all(path, **options))
        with open_catalogue(path, **options) as catalogue:
            for row in range(len(catalogue)):
                try:
                    found.append(catalogue[row])
                except DigsError as error:
                    found.append(error)
    except DigsError as error:
        found.append(error)
    return found


def check_sentence(error: DigsError) -> None:
    message = str(error)
    assert message.isprintable(), message
    assert message.endswith("."), message
    assert len(message) <= LONGEST_SENTENCE, message


def check_spectrum(spectrum: Spectrum) -> None:
    """What holds of every spectrum."""
    assert 2 <= spectrum.pixels <= MOST_PIXELS
    assert np.isfinite(spectrum.wavelength).all()
    assert (np.diff(spectrum.wavelength) > 0).all()
    assert np.isfinite(spectrum.flux).all()
    assert (spectrum.sigma > 0).all()
    assert not spectrum.mask.all()
    assert 0 <= spectrum.redshift < np.inf
    assert all(text.isprintable() and len(text) <= LONGEST_SENTENCE for text in (spectrum.name, *spectrum.notes))
    spectrum.instrument()


def is_said(path: Path, spectrum: Spectrum, rights: set[str]) -> bool:
    """Whether a spectrum is one that was written, or that it is not stands in a note; text has no checksum."""
    if spectrum.digest in rights or any("checksum" in note for note in spectrum.notes):
        return True
    return not any(kind in path.name for kind in (".fit", ".h5"))


def check_against(model: Model, spectrum: Spectrum) -> None:
    """Check that a spectrum is what was written."""
    places = np.searchsorted(spectrum.wavelength, model.wavelength * (1 - 1e-6))
    np.testing.assert_allclose(spectrum.wavelength[places], model.wavelength, rtol=1e-9)
    others = np.setdiff1d(np.arange(spectrum.pixels), places)
    assert spectrum.mask[others].all()
    np.testing.assert_array_equal(spectrum.mask[places], model.hidden)
    good = ~model.hidden
    np.testing.assert_allclose(spectrum.flux[places][good], model.flux[good], rtol=1e-6)
    np.testing.assert_allclose(spectrum.sigma[places][good], model.sigma[good], rtol=1e-6)
    assert spectrum.redshift == 0.1


class Fuzzer:
    """Files by their number, each of its own random numbers.

    Args:
        folder: where they are written.
        seed: of the random numbers.
    """

    def __init__(self, folder: Path, seed: int):
        import_module("specutils")  # so that what it does when it is imported is not the readers'
        self.folder, self.seed = folder, seed
        with TemporaryDirectory() as made:  # the folder may hold those of another run
            files = make_files(Path(made))
            self.originals = {name: path.read_bytes() for name, path in files.items()}
            self.rights = {name: {each.digest for each in read_all(path, **OPTIONS)} for name, path in files.items()}

    def turn(self, number: int) -> tuple[str, str]:
        """Make a file, read it and check it; return its kind and what came of it: spectrum, sentence or both.

        Raises:
            FuzzError: something else came of it; the file stays as failure-SEED-NUMBER-NAME.
        """
        random = np.random.default_rng([self.seed, number])
        family = ("damage", "model", "model", "damaged model", "hostile")[number % 5]
        kinds = {"damage": KINDS, "hostile": [*FILES, *ROWS]}.get(family, list(WRITERS))
        name = kinds[number // 5 % len(kinds)]
        if name.endswith("h5") and random.random() < 0.5:  # a process starts for each
            name = kinds[0]
        path = self.folder / f"fuzzed-{name}"
        _remove(path)
        what = family
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what writes the files
                what, outcome = getattr(self, f"_{family.replace(' ', '_')}")(path, name, random)
        except Exception as error:
            kept = self.folder / f"failure-{self.seed}-{number}-{name}"
            _remove(kept)
            if path.exists():
                path.rename(kept)
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise FuzzError(f"{number} {family} {what} {kept.name}: {reason[:600]}") from error
        return f"{family} {name}", outcome

    def _damage(self, path: Path, name: str, random: np.random.Generator) -> tuple[str, str]:
        path.write_bytes(damaged(name, self.originals[name], random))
        found = _read(path, OPTIONS)
        assert all(is_said(path, each, self.rights[name]) for each in found if isinstance(each, Spectrum))
        return "damage", _outcome(found)

    def _model(self, path: Path, name: str, random: np.random.Generator) -> tuple[str, str]:
        model, what = altered(random)
        WRITERS[name](model, path)
        found = _read(path, {})
        free = what == "lengths" and name in ("model.fits", "model.csv", "model.ecsv")  # whose columns are filled up
        for each in found:
            if isinstance(each, Spectrum) and not free:
                assert not model.refused, f"{what}: nothing is said, but {each}"
                check_against(model, each)
            elif not free and what != "strange_name":
                assert model.refused, f"{what}: {each}"
        return what, _outcome(found)

    def _damaged_model(self, path: Path, name: str, random: np.random.Generator) -> tuple[str, str]:
        model, _ = altered(random)
        WRITERS[name](model, path)
        files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
        one = files[random.integers(len(files))]
        if path.is_dir() and random.random() < 0.1:
            one.unlink()
        elif content := one.read_bytes():
            kind = "words.csv" if one.name.startswith((".z", "zarr")) else name
            one.write_bytes(damaged(kind, content, random))
        return "damaged model", _outcome(_read(path, {}))

    def _hostile(self, path: Path, name: str, random: np.random.Generator) -> tuple[str, str]:
        (FILES | ROWS)[name](path, random)
        found = _read(path, {})
        spectra = [isinstance(each, Spectrum) for each in found]
        assert spectra == ([True, False, True] if name in ROWS else [False] * len(found)), found
        return "hostile", _outcome(found)


def _read(path: Path, options: dict) -> list[Spectrum | DigsError]:
    with watched():
        found = spectra_of(path, **options)
    for each in found:
        (check_spectrum if isinstance(each, Spectrum) else check_sentence)(each)
    return found


def _outcome(found: list) -> str:
    kinds = {isinstance(each, Spectrum) for each in found}
    return "nothing" if not kinds else "both" if len(kinds) == 2 else "spectrum" if kinds == {True} else "sentence"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def fuzz(folder: Path, number: int, seed: int, first: int = 0) -> tuple[Counter, list[str]]:
    """Try so many files, and return how often what came of which kind, and what went wrong."""
    fuzzer, outcomes, failures = Fuzzer(folder, seed), Counter(), []
    begin = time.monotonic()
    for turn in range(first, first + number):
        try:
            outcomes[fuzzer.turn(turn)] += 1
        except FuzzError as error:
            failures.append(str(error))
            print(f"failure: {error}", flush=True)
        if (turn + 1) % 500 == 0:
            print(f"{turn + 1 - first} files, {len(failures)} failures, {time.monotonic() - begin:.0f} s", flush=True)
    return outcomes, failures
