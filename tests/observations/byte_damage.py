"""Damage to the bytes of files: flipped, cut, moved, numbers and words that nobody expects."""

import gzip
import lzma
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

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
