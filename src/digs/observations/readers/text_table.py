"""Tables in letters: ECSV, CSV, and columns between blanks."""

import re
from collections.abc import Mapping

import numpy as np
from astropy.table import Table

from digs.base.errors import DigsError
from digs.observations.columns import Column, raw_of_columns, unit_in_name
from digs.observations.header_facts import header_facts, plain_number
from digs.observations.opened_file import OpenedFile
from digs.observations.raw_spectrum import RawSpectrum, Stack
from digs.observations.spectrum import MOST_PIXELS

_LONGEST = 10_000  # letters of a line

_MOST_LINES = MOST_PIXELS + 100_000  # with those of the header and of comments

_LONGEST_HEADER = 100_000  # letters of an ECSV's header

_PYTHON_NUMBER = re.compile(r"[+-]?\.?\d[\d._]*(?:e[+-]?[\d_]+)?", re.IGNORECASE)  # with underscores, too


def text_spectra(file: OpenedFile, chosen: Mapping[str, str] | None) -> Stack:
    """Return the one spectrum of a table in letters.

    Args:
        file: opened for reading.
        chosen: names of columns that the user gives, by role.
    Raises:
        DigsError: it is no such table.
    """
    content = file.stream.read()
    if max(content.count(b"\n"), content.count(b"\r")) > _MOST_LINES:
        raise DigsError(f"{file.name} has more than {_MOST_LINES} lines; save the spectrum as FITS or HDF5.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DigsError(f"{file.name} is no FITS, HDF5, ECSV or CSV; save the spectrum as one of these.") from None
    lines = [line.rstrip() for line in re.split("\r\n|\r|\n", text)]
    lines = [line for line in lines if line]
    if not lines or max(map(len, lines)) > _LONGEST:
        raise DigsError(f"{file.name} is no table of numbers in lines; save the spectrum as ECSV or CSV.")
    read = _ecsv if lines[0].startswith("# %ECSV") else _plain
    return Stack(1, lambda _: read(file.name, lines, chosen))


def _ecsv(file: str, lines: list[str], chosen: Mapping[str, str] | None) -> RawSpectrum:
    end = next((place for place, line in enumerate(lines) if not line.startswith("#")), len(lines))
    header = _without_classes(lines[:end])
    # a few letters of YAML's aliases can become gigabytes
    if sum(map(len, header)) > _LONGEST_HEADER or any(word[:1] in "&*" for line in header for word in line.split()):
        raise DigsError(f"{file} has an ECSV header that is too long or has YAML's aliases; save it again by astropy.")
    cells = (cell for line in lines[end + 1 :] if "_" in line for cell in re.split(r"[\s,]+", line) if "_" in cell)
    if found := next(filter(_PYTHON_NUMBER.fullmatch, cells), None):  # astropy takes underscores for nothing
        raise DigsError(f"{file} has {found[:30]!r} among its numbers; correct that line.")
    table = Table.read([*header, *lines[end:]], format="ascii.ecsv")

    def values(name: str) -> np.ndarray:
        column = table[name].data
        beside = f"{name}.mask"  # of masked quantities
        return np.ma.array(column, mask=table[beside].data.astype(bool)) if beside in table.colnames else column

    columns = {
        name: Column(table[name].unit or unit_in_name(name), lambda name=name: values(name)) for name in table.colnames
    }
    return raw_of_columns(file, columns, header_facts(file, table.meta), chosen)


def _without_classes(header: list[str]) -> list[str]:
    """The header without the classes that columns are to be made: their units stand with the columns themselves."""
    kept, inside = [], None
    for line in header:
        indent = len(line) - len(line[1:].lstrip()) if line.startswith("#") else 0
        if inside is not None and indent > inside:
            continue
        inside = indent if "__serialized_columns__" in line else None
        if inside is None:
            kept.append(line)
    tree = [place for place, line in enumerate(kept) if line.strip("# ").startswith("meta:")]
    if tree and (tree[0] + 1 == len(kept) or not kept[tree[0] + 1].startswith("# -")):  # nothing but classes was in it
        del kept[tree[0]]
    return kept


def _plain(file: str, lines: list[str], chosen: Mapping[str, str] | None) -> RawSpectrum:
    comments = [line.lstrip("# ") for line in lines if line.startswith("#")]
    rows = [line for line in lines if not line.startswith("#")]
    if not rows:
        raise DigsError(f"{file} has no line of numbers; save the spectrum as ECSV or CSV.")
    split = _splitter(rows[0])
    names = split(rows[0])
    if _are_numbers(names):  # the names then stand in the last comment, if anywhere
        names = _splitter(comments[-1])(comments[-1]) if comments else []
    else:
        rows = rows[1:]
    width = len(names)
    cells = str.split if split is _cells else split  # units in brackets stand with names alone
    table = [cells(row) for row in rows]
    if not table or not width or any(len(row) != width for row in table):
        raise DigsError(
            f"{file} is no table with a name above every column; begin it with a line such as "
            "'wavelength (Angstrom),flux (erg/s/cm2/Angstrom),sigma'."
        )
    if len(set(names)) != width:
        raise DigsError(f"{file} has two columns of one name; give every column its own.")
    columns = {
        name: Column(
            unit_in_name(name), lambda place=place, name=name: _numbers(file, name, [row[place] for row in table])
        )
        for place, name in enumerate(names)
    }
    return raw_of_columns(file, columns, header_facts(file, _words(comments)), chosen)


def _splitter(line: str):
    """How a line falls into cells: by commas, semicolons or tabs if it has any, else by blanks outside brackets."""
    for mark in (",", ";", "\t"):
        if mark in line:
            return lambda text, mark=mark: [cell.strip().strip('"') for cell in text.split(mark)]
    return _cells


def _cells(text: str) -> list[str]:
    cells: list[str] = []
    for word in text.split():
        last = cells[-1] if cells else "0"
        unit_begins = word.startswith(("(", "[")) and not _are_numbers([last])
        unit_goes_on = len(re.findall(r"[(\[]", last)) > len(re.findall(r"[)\]]", last))
        if unit_begins or unit_goes_on:
            cells[-1] += f" {word}"
        else:
            cells.append(word)
    return cells


def _are_numbers(cells: list[str]) -> bool:
    try:
        [plain_number(cell) for cell in cells]
    except ValueError:
        return False
    return bool(cells)


_NOTHING = {"", "nan", "na", "null", "none", "--", "inf", "-inf"}  # cells without a number


def _numbers(file: str, name: str, cells: list[str]) -> np.ndarray:
    try:
        return np.array([np.nan if cell.lower() in _NOTHING else plain_number(cell) for cell in cells])
    except ValueError:
        bad = next(cell for cell in cells if cell.lower() not in _NOTHING and not _are_numbers([cell]))
        raise DigsError(f"{file} has {bad[:30]!r} among the numbers of {name!r}; correct that line.") from None


def _words(comments: list[str]) -> dict[str, str]:
    """What comments of the form 'key: value' or 'key = value' say."""
    pairs = (line.partition(":" if ":" in line else "=") for line in comments)
    return {key.strip(): value.strip() for key, mark, value in pairs if mark}
