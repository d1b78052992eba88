"""Files damaged at random end in one sentence, or in a spectrum that is right or says what is wrong with it."""

import gzip
import lzma
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made_files import MAKERS, OPTIONS, make_files

from digs.base.errors import DigsError
from digs.observations import Spectrum, read_all
from digs.observations.spectrum import MOST_PIXELS

LONGEST = 5  # seconds of the processor

HANGS = 60  # seconds on the clock

# headers' numbers and words that no reader expects
EXTREMES = (
    *(
        "0",
        "-1",
        "1",
        "2",
        "999",
        "2880",
        "2147483647",
        "9223372036854775807",
        "99999999999999999999",
        "1e308",
        "1e999",
    ),
    *("-1e-300", "nan", "inf", "T", "F", "''", "'A'", "'1000000000E'", "'PE(99999999)'", "'m'", "'Jy'", "'counts'"),
    *("'10**(-99999)'", "'Angstrom'", "'um'", "'WAVE-LOG'", "'AWAV'", "'SOURCE'", "'" + "x" * 60 + "'"),
)
WORDS = (
    *(
        "nan",
        "inf",
        "-1",
        "0",
        "1e999",
        "",
        '"',
        "'",
        ";",
        ",",
        "\t",
        "# %ECSV 1.0",
        "9" * 400,
        "(" * 50,
        "&a",
        "*a",
        "{",
    ),
    *("!!python/object/apply:os.system ['false']", "__serialized_columns__:", "datatype: object", "- {name: flux}"),
    *("[Angstrom]", "(um)", "(Jy)", "(mag)", "x" * 20_000, "\x00", "é", "1_000", "0x10", "wave", "flux", "err"),
)


def flip(data: bytearray, random: np.random.Generator) -> bytearray:
    for place in random.integers(len(data), size=random.integers(1, 20)):
        data[place] = random.integers(256)
    return data


def cut(data: bytearray, random: np.random.Generator) -> bytearray:
    return data[: random.integers(len(data))]


def move(data: bytearray, random: np.random.Generator) -> bytearray:
    """Repeat, leave out or fill up a part."""
    first, last = np.sort(random.integers(len(data), size=2))
    filling = (b"", bytes(data[first:last]), bytes(last - first), b"\xff" * int(last - first))[random.integers(4)]
    return data[:first] + filling + (data[last:] if random.random() < 0.5 else data[first:])


def numbers(data: bytearray, random: np.random.Generator) -> bytearray:
    """Put special numbers, of either byte order, where numbers may be."""
    value = random.choice([np.nan, np.inf, -np.inf, 0.0, -1.0, 1e308, 1e-308, 5000.0])
    kind = random.choice(["<f8", ">f8", "<f4", ">f4"])
    with np.errstate(over="ignore"):
        bits = np.full(random.integers(1, 30), value).astype(kind).tobytes()
    place = random.integers(max(len(data) - len(bits), 1)) // 4 * 4
    data[place : place + len(bits)] = bits
    return data


def cards(data: bytearray, random: np.random.Generator) -> bytearray:
    """Change values in FITS headers."""
    found = [match.start() for match in re.finditer(rb"[A-Z0-9_-]{2,8} *= ", bytes(data)) if match.start() % 80 == 0]
    for _ in range(random.integers(1, 3)):
        if found:
            place = found[random.integers(len(found))]
            value = EXTREMES[random.integers(len(EXTREMES))]
            data[place + 10 : place + 80] = f"{value:>20}".ljust(70).encode()[:70]
    return data


def words(data: bytearray, random: np.random.Generator) -> bytearray:
    """Change words and lines of text."""
    lines = bytes(data).decode("latin-1").split("\n")
    for _ in range(random.integers(1, 4)):
        one, other = random.integers(len(lines), size=2)
        what = random.integers(5)
        if what == 0:
            lines[one], lines[other] = lines[other], lines[one]
        elif what == 1:
            lines.insert(one, lines[other])
        elif what == 2:
            lines[one:] = lines[one:][::-1]
        else:
            parts = re.split(r"([ ,]+)", lines[one])
            parts[random.integers(len(parts))] = WORDS[random.integers(len(WORDS))]
            lines[one] = "".join(parts)
    return bytearray("\n".join(lines).encode("utf-8" if random.random() < 0.8 else "latin-1", "replace"))


MUTATIONS = {"fits": (flip, cut, move, numbers, cards, cards, cards), "h5": (flip, cut, move, numbers)}
OF_TEXT = (flip, cut, move, words, words, words)
KINDS = [name for name in MAKERS if name != "galaxy.h5"]  # for which a process starts, as for galaxies.h5
PACKERS: dict[str, tuple[Callable, Callable]] = {
    ".gz": (gzip.compress, gzip.decompress),
    ".xz": (lzma.compress, lzma.decompress),
}


def damaged(name: str, original: bytes, random: np.random.Generator) -> bytes:
    """What is left of a file; of a packed one, of its content or of the pack."""
    suffix = Path(name).suffix
    if suffix in PACKERS and random.random() < 0.7:
        pack, unpack = PACKERS[suffix]
        return pack(damaged(Path(name).stem, unpack(original), random))
    kind = "fits" if ".fit" in name else "h5" if name.endswith("h5") else "text"
    mutations = MUTATIONS.get(kind, OF_TEXT)
    mutate = flip if suffix in PACKERS else mutations[random.integers(len(mutations))]
    return bytes(mutate(bytearray(original), random))


def check_spectrum(spectrum: Spectrum) -> None:
    """What holds of every spectrum."""
    assert 2 <= spectrum.pixels <= MOST_PIXELS
    assert np.isfinite(spectrum.wavelength).all()
    assert (np.diff(spectrum.wavelength) > 0).all()
    assert np.isfinite(spectrum.flux).all()
    assert (spectrum.sigma > 0).all()
    assert not spectrum.mask.all()
    assert spectrum.redshift >= 0
    spectrum.instrument()


def is_said(path: Path, spectrum: Spectrum, rights: set[str]) -> bool:
    """Whether a spectrum is one that was written, or that it is not stands in a note; text has no checksum."""
    if spectrum.digest in rights or any("checksum" in note for note in spectrum.notes):
        return True
    return not any(kind in path.name for kind in (".fit", ".h5"))


def try_file(path: Path, rights: set[str], options: dict) -> str:
    """Read a damaged file by both ways, and return what came of it."""
    outcomes = []
    try:
        found = list(read_all(path, **options))
    except DigsError as error:
        found = [error]
    for each in found:
        if isinstance(each, Spectrum):
            check_spectrum(each)
            assert is_said(path, each, rights)
        else:
            message = str(each)
            assert "\n" not in message
            assert message.endswith(".")
            assert len(message) < 700
        outcomes.append("spectrum" if isinstance(each, Spectrum) else "sentence")
    return "spectrum" if "spectrum" in outcomes else "sentence"


def fuzz(folder: Path, number: int, seed: int) -> dict[str, int]:
    """Damage files of all kinds so many times, and return how often they still gave a spectrum."""
    options = dict(OPTIONS)
    files = make_files(folder)
    originals = {name: path.read_bytes() for name, path in files.items()}
    rights = {name: {each.digest for each in read_all(path, **options)} for name, path in files.items()}
    random, outcomes = np.random.default_rng(seed), {"spectrum": 0, "sentence": 0}
    previous = signal.signal(signal.SIGALRM, too_long)
    try:
        for turn in range(number):
            name = KINDS[turn % len(KINDS)]
            path = folder / f"damaged-{name}"
            path.write_bytes(damaged(name, originals[name], random))
            signal.alarm(HANGS)
            before = sum(os.times()[:4])  # also of processes that were started
            try:
                outcomes[try_file(path, rights[name], options)] += 1
                assert sum(os.times()[:4]) - before < LONGEST
            except BaseException:
                path.rename(folder / f"failure-{seed}-{turn}-{name}")
                raise
            finally:
                signal.alarm(0)
    finally:
        signal.signal(signal.SIGALRM, previous)
    return outcomes


def too_long(*_: object) -> None:
    raise KeyboardInterrupt(f"a file takes more than {HANGS} s")  # which no reader makes a sentence of


@pytest.fixture
def specutils():
    """Imported before the clock runs."""
    return pytest.importorskip("specutils")


def test_damaged_files(tmp_path, specutils):
    outcomes = fuzz(tmp_path, 300, seed=1)
    assert outcomes["sentence"] > 60
    assert outcomes["spectrum"] > 20


@pytest.mark.long
def test_ten_thousand_damaged_files(tmp_path, specutils):
    fuzz(tmp_path, 10_000, seed=2)


@pytest.mark.parametrize("name", KINDS)
def test_damage_is_damage_and_the_same_for_a_seed(tmp_path, name):
    MAKERS[name](tmp_path / name)
    original = (tmp_path / name).read_bytes()
    of = lambda seed: damaged(name, original, np.random.default_rng(seed))
    assert [of(seed) for seed in range(5)] == [of(seed) for seed in range(5)]
    assert any(of(seed) != original for seed in range(5))
