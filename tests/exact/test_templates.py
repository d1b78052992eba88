"""Templates: nodes that cover the prior, and features that hold their spectra."""

import numpy as np
import pytest
import torch

from digs.config.theta import NAMES
from digs.exact.brute_force.axes import LN10, ends
from digs.exact.brute_force.templates import log_spectra, make_templates, places_of, theta_at

UNIT = 0.05


@pytest.fixture(scope="module")
def templates(simulator, prior):
    return make_templates(simulator, prior, UNIT)


def test_axes_end_where_the_prior_does_and_hold_the_kinks(templates, prior, simulator):
    axes = templates.axes
    for nodes, pair in zip(axes.nodes, ends(prior), strict=True):
        np.testing.assert_allclose(nodes[[0, -1]], pair, atol=1e-6)
        assert (np.diff(nodes) > 0).all()
    kinks = simulator.logzsol.numpy()
    inside = kinks[(kinks > prior.low[1].item()) & (kinks < prior.high[1].item())]
    assert all(np.abs(axes.nodes[0] - kink).min() < 1e-6 for kink in inside)


def test_all_of_the_prior_lies_in_cells_with_all_corners(templates, prior):
    theta = prior.sample(5000, torch.Generator().manual_seed(1)).numpy()
    x = np.log(theta[:, 3])
    y = x - LN10 * theta[:, 4]
    at = [np.searchsorted(axis, v) - 1 for axis, v in zip(templates.axes.nodes[1:], (x, y), strict=True)]
    for dx in (0, 1):
        for dy in (0, 1):
            assert (templates.number[at[0] + dx, at[1] + dy] >= 0).all()


def spectra_of_nodes(templates, simulator, prior, number):
    """ln spectra of some nodes, and what their features make of them."""
    rows = np.random.default_rng(2).choice(len(templates.features), number, replace=False)
    places = places_of(templates.axes, templates.number, rows).T
    at = [torch.as_tensor(nodes[which]) for nodes, which in zip(templates.axes.nodes, places, strict=True)]
    features = templates.features[rows].astype(float)
    k = templates.components
    shown = templates.mean + UNIT * features[:, :k] @ templates.basis.T
    shown += features[:, k : k + 1] + features[:, k + 1 : k + 2] * templates.curve
    theta = theta_at(torch.stack(at, 1), simulator.names)
    return log_spectra(simulator, prior, theta).numpy(), shown


def test_coordinates_are_those_of_theta(prior):
    at = torch.tensor([[-0.5, np.log(2.0), np.log(2.0 / 0.4), 0.25]], dtype=torch.float64)
    theta = theta_at(at, (*NAMES, "other"))
    expected = torch.tensor([[0.0, -0.5, 0.0, 2.0, np.log10(0.4), 0.25]], dtype=torch.float64)
    torch.testing.assert_close(theta, expected)
    assert theta_at(at[:, :1], NAMES[:3]).tolist() == [[0.0, -0.5, 0.0]]


def test_features_hold_the_spectra(templates, simulator, prior):
    exact, shown = spectra_of_nodes(templates, simulator, prior, 500)
    lost = np.linalg.norm((exact - shown) / UNIT, axis=1)
    assert np.quantile(lost, 0.99) < 0.06


def test_components_leave_mass_and_dust_alone(templates):
    straight = np.stack([np.ones_like(templates.curve), templates.curve], 1)
    # eigenvectors of the least eigenvalues are orthogonal to these to 1e-8 or 1e-7, as the processor rounds
    np.testing.assert_allclose(straight.T @ templates.basis, 0, atol=1e-7)
    np.testing.assert_allclose(templates.basis.T @ templates.basis, np.eye(templates.components), atol=1e-8)


def test_less_noise_takes_more_nodes(templates, simulator, prior):
    assert len(make_templates(simulator, prior, 2 * UNIT).features) < 0.6 * len(templates.features)
