"""Entries: whatever is wrong with one is said in a sentence, and what is stored comes back."""

import h5py
import numpy as np
import pytest
import torch

from digs.diagnostics.scores.analytic_track import AnalyticTrack
from digs.diagnostics.scores.entries import BenchmarkEntry, check_galaxies, plain, read_entry, store_entry

DRAWS = np.random.default_rng(1).standard_normal((20, 60, 5))


def spoilt(galaxy: int, value: float) -> np.ndarray:
    draws = DRAWS.copy()
    draws[galaxy, 7, 2] = value
    return draws


def test_an_entry_comes_back(tmp_path):
    given = {
        "log_prob": DRAWS.sum(2),
        "verdicts": np.arange(20) % 2 == 0,
        "seconds": np.linspace(0, 1, 20),
        "name": "name",
        "description": "what it is",
    }
    entry = BenchmarkEntry.of(DRAWS, **given)
    store_entry(tmp_path / "entry.h5", entry, "noise")
    found, track = read_entry(tmp_path / "entry.h5")
    assert track == "noise"
    for key, value in (vars(entry) | {"draws": DRAWS}).items():
        np.testing.assert_array_equal(getattr(found, key), value)


def test_a_bare_file_of_draws_is_an_entry(tmp_path):
    with h5py.File(tmp_path / "mine.h5", "w") as file:
        file["draws"] = DRAWS.astype("f4")
    entry, track = read_entry(tmp_path / "mine.h5")
    assert (entry.name, track, entry.log_prob) == ("mine", None, None)


def test_tensors_and_one_number_of_seconds_will_do():
    entry = BenchmarkEntry.of(torch.as_tensor(DRAWS), verdicts=[0, 1] * 10, seconds=2)
    assert entry.verdicts.dtype == bool
    assert entry.seconds.tolist() == [2.0] * 20


MISTAKES = {
    "no draws": ({"draws": None}, ("draws",)),
    "words": ({"draws": "abc"}, ("draws",)),
    "four parameters": ({"draws": DRAWS[:, :, :4]}, ("(20, 60, 4)", "logmass")),
    "one galaxy": ({"draws": DRAWS[0]}, ("(60, 5)",)),
    "few galaxies": ({"draws": DRAWS[:5]}, ("5 galaxies", "20")),
    "few draws": ({"draws": DRAWS[:, :10]}, ("10 draws", "50")),
    "nan": ({"draws": spoilt(3, np.nan)}, ("galaxy 3", "dust2 = nan")),
    "inf": ({"draws": spoilt(4, -np.inf)}, ("galaxy 4", "dust2 = -inf")),
    "beyond all": ({"draws": spoilt(5, 1e300)}, ("galaxy 5", "1e+300")),
    "complex": ({"draws": DRAWS + 1j}, ("draws",)),
    "nan density": ({"log_prob": np.where(np.arange(60) == 9, np.nan, DRAWS[..., 0])}, ("galaxy 0", "draw 9")),
    "no density": ({"log_prob": np.full((20, 60), -np.inf)}, ("-inf",)),
    "absurd density": ({"log_prob": np.full((20, 60), 1e308)}, ("1e+308", "100000")),
    "density of others": ({"log_prob": np.zeros((3, 3))}, ("log_prob", "(3, 3)", "(20, 60)")),
    "halves of verdicts": ({"verdicts": np.full(20, 0.5)}, ("verdicts", "float64")),
    "verdicts of others": ({"verdicts": np.ones(3, dtype=bool)}, ("verdicts", "(3,)")),
    "negative seconds": ({"seconds": -1.0}, ("seconds",)),
    "nan seconds": ({"seconds": [np.nan] * 20}, ("seconds",)),
    "a name that is none": ({"name": 3}, ("name", "int")),
    "a blank name": ({"name": " \n"}, ("name", "blank")),
}


@pytest.mark.parametrize(("given", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_said_in_one_sentence(given, words, refused):
    with refused(*words):
        BenchmarkEntry.of(**({"draws": DRAWS} | given))


def test_other_galaxies_than_the_tracks_are_refused(refused):
    with refused("20 galaxies", "k22", "30"):
        check_galaxies(20, AnalyticTrack.random(30, 50, 1))


@pytest.mark.parametrize(
    ("given", "shown"),
    [(b"caf\xc3\xa9", "café"), ("a\nb\x1b[31m\ud800", "a b [31m"), ("  two  words ", "two words")],
)
def test_texts_are_on_one_line_and_can_be_printed(given, shown):
    assert plain(given, "name") == shown


def test_long_names_are_shortened_where_they_are_shown():
    entry = BenchmarkEntry.of(DRAWS, name="x" * 1000)
    assert len(entry.name) == 1000
    assert len(entry.label) == 60


def as_file(fill):
    def write(path):
        with h5py.File(path, "w") as file:
            fill(file)

    return write


def with_attribute(name, value):
    def fill(file):
        file["draws"] = DRAWS
        file.attrs[name] = value

    return as_file(fill)


FILES = {
    "text": lambda path: path.write_text("hello"),
    "folder": lambda path: path.mkdir(),
    "nothing": lambda path: None,
    "empty": lambda path: path.touch(),
    "no draws": as_file(lambda file: file.create_dataset("x", data=1)),
    "a group": as_file(lambda file: file.create_group("draws")),
    "words": as_file(lambda file: file.create_dataset("draws", data="abc")),
    "a link to nowhere": as_file(lambda file: file.__setitem__("draws", h5py.ExternalLink("nowhere.h5", "x"))),
    "too much to read": as_file(
        lambda file: file.create_dataset("draws", shape=(10**7, 10**6, 5), chunks=(1, 100, 5), dtype="f8")
    ),
    "a name of numbers": with_attribute("name", np.arange(3)),
    "an empty name": with_attribute("name", h5py.Empty("S10")),
    "a track of numbers": with_attribute("track", 22),
    "a misspelt density": as_file(lambda file: file.update({"draws": DRAWS, "logprob": DRAWS[..., 0]})),
}


@pytest.mark.parametrize("write", FILES.values(), ids=FILES)
def test_a_file_that_is_no_entry_is_refused(write, tmp_path, refused):
    path = tmp_path / "entry.h5"
    write(path)
    with refused("entry.h5"):
        read_entry(path)


def test_a_misspelt_dataset_is_named(tmp_path, refused):
    FILES["a misspelt density"](tmp_path / "entry.h5")
    with refused("'logprob'", "log_prob"):
        read_entry(tmp_path / "entry.h5")


def test_what_cannot_be_written_leaves_nothing(tmp_path, refused):
    (tmp_path / "file").touch()
    with refused("cannot be written"):
        store_entry(tmp_path / "file" / "entry.h5", BenchmarkEntry.of(DRAWS), "k22")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
