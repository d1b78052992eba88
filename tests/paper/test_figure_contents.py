"""What a figure shows, read back: the same to the bit when it is drawn again, and any change is seen."""

import runpy
import sys
from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from pypdf import PdfReader

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.comparison_settings import ComparisonSettings
from digs.inference.posterior import Posterior
from digs.paper.figure_contents import drawn
from digs.paper.plotting import save
from digs.provenance.fingerprints import TOLERANCE, differences
from digs.provenance.pipeline import Pipeline

X = np.linspace(0.0, 10.0, 300)


def example(change: Callable[[Figure], None] = lambda figure: None) -> dict:
    """A figure with one artist of each kind, changed after it was drawn."""
    figure, (left, right) = plt.subplots(1, 2)
    left.plot(X, np.sin(X), label="sine")
    left.scatter(X[::10], np.cos(X[::10]))
    left.fill_between(X, 0, X, color="0.8")
    left.errorbar([1, 2], [3, 4], [0.1, 0.2])
    left.legend()
    right.bar([1, 2, 3], [4.0, 5.0, 6.0])
    right.imshow(np.outer(X[:5], X[:7]))
    right.text(0.5, 0.5, "r = 0.953")
    right.set(xlabel="Mass (dex)")
    change(figure)
    found = drawn(figure)
    plt.close(figure)
    return found


def test_same_figure_is_the_same_to_the_bit():
    assert differences(example(), example(), 0) == []


def nudge(figure: Figure) -> None:
    line = figure.axes[0].lines[0]
    y = np.array(line.get_ydata())
    y[150] += 0.05
    line.set_ydata(y)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (nudge, "panel 0: line 0"),
        (lambda figure: figure.axes[0].collections[0].set_offsets(np.ones((30, 2))), "panel 0: collection 0"),
        (lambda figure: figure.axes[1].patches[1].set_height(5.1), "panel 1: patch 1"),
        (lambda figure: figure.axes[1].images[0].set_data(np.zeros((5, 7))), "panel 1: image 0"),
        (lambda figure: figure.axes[1].texts[0].set_text("r = 0.954"), "panel 1: text 0"),
        (lambda figure: figure.axes[1].set_xlabel("Mass (kg)"), "panel 1: frame"),
        (lambda figure: figure.axes[0].set_ylim(0, 1), "panel 0: frame"),
        (lambda figure: figure.axes[0].lines[0].set_color("red"), "panel 0: line 0"),
        (lambda figure: figure.axes[0].lines[0].remove(), "panel 0: line 0"),
    ],
)
def test_change_is_seen_and_named(change, named):
    assert any(difference.startswith(named) for difference in differences(example(), example(change), TOLERANCE))


def test_rounding_of_another_machine_is_forgiven():
    def round_otherwise(figure: Figure) -> None:
        line = figure.axes[0].lines[0]
        line.set_ydata(np.array(line.get_ydata()) * (1 + 1e-6))

    assert differences(example(), example(round_otherwise), TOLERANCE) == []
    assert differences(example(), example(round_otherwise), 0)


def test_pdf_says_what_it_was_drawn_from(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "FIGURES", tmp_path)
    monkeypatch.setattr(sys, "argv", ["fig_sbc.py"])
    monkeypatch.setattr("digs.paper.plotting.git_commit", lambda: "0123456789ab-dirty")
    runpy.run_path(str(paths.ROOT / "src" / "scripts" / "figures" / "fig_sbc.py"), run_name="__main__")
    metadata = PdfReader(tmp_path / "sbc.pdf").metadata
    assert metadata.subject == "Drawn by src/scripts/figures/fig_sbc.py of commit 0123456789ab-dirty"
    said = dict(item.split(" md5 ") for item in metadata["/Keywords"].split("; "))
    locked = Pipeline(paths.ROOT).locked
    assert said
    assert said.items() <= locked.items()


def test_commit_changes_nothing_that_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "FIGURES", tmp_path)
    for commit in ("0123456789ab", "unknown"):
        monkeypatch.setattr("digs.paper.plotting.git_commit", lambda commit=commit: commit)
        figure, axes = plt.subplots()
        axes.plot(X, X)
        save(figure, commit, [paths.PARAMS])
    assert (tmp_path / "0123456789ab.json").read_bytes() == (tmp_path / "unknown.json").read_bytes()
    assert PdfReader(tmp_path / "unknown.pdf").metadata.subject == "Drawn by src/scripts/figures/fig_unknown.py"


OF_A_HALF_WIDTH = 1e-3  # what another number of threads may change of a draw: sums are rounded in another order


@pytest.mark.parametrize("network", load_params(ComparisonSettings).comparison.networks)
def test_draws_do_not_depend_on_the_number_of_threads(network, test_set):
    posterior, flux = Posterior.load(network), torch.as_tensor(test_set["noisy_flux"][:10])
    draws = []
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 1):
            torch.set_num_threads(threads)
            draws.append(posterior.sample(flux, draws=300, seed=1).numpy())
    finally:
        torch.set_num_threads(before)
    one, two, again = draws
    np.testing.assert_array_equal(one, again)
    low, high = np.quantile(one, (0.16, 0.84), axis=1)
    assert (np.abs(two - one) / ((high - low) / 2)[:, None]).max() < OF_A_HALF_WIDTH
