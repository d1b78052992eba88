"""All derived quantities: what they are called, how they hang together, and FSPS's own."""

import pytest
import torch

from digs.config.theta import NAMES
from digs.physics.derived import DERIVED, derived_quantities
from digs.physics.histories.single_burst import SingleBurst
from digs.physics.spectral_indices import SpectralIndices


@pytest.fixture(scope="module")
def indices(tracked) -> SpectralIndices:
    return SpectralIndices(path=tracked("populations.h5"))


def test_all_have_a_meaning_and_are_numbers(indices, wide_theta):
    theta = wide_theta(3000, 1)
    found = derived_quantities(theta, indices)
    assert list(found) == [quantity.name for quantity in DERIVED]
    assert len({quantity.label for quantity in DERIVED}) == len(DERIVED) == 10
    for quantity in DERIVED:
        values = found[quantity.name]
        assert values.shape == (len(theta),)
        assert values.dtype == torch.float64
        assert values.isfinite().all()
        if quantity.name != "halpha_width":
            assert (values > 0).all()
        if quantity.unit == "Gyr":
            assert (values < theta[:, NAMES.index("tage")]).all()
    assert found["halpha_width"].min() < 0


def test_star_formation_shows_in_the_line(indices, wide_theta):
    """Galaxies of much recent star formation have strong lines and weak breaks."""
    found = derived_quantities(wide_theta(2000, 2), indices)
    active, passive = found["ssfr"] > 1e-9, found["ssfr"] < 1e-13
    assert found["halpha_width"][active].min() > found["halpha_width"][passive].max()
    assert found["dn4000"][active].median() < found["dn4000"][passive].median()


def test_batches_and_kinds_of_input(indices, wide_theta):
    theta = wide_theta(7, 3)
    together = derived_quantities(theta, indices)
    alone = derived_quantities(theta[4:5].numpy(), indices)
    for name, values in alone.items():
        torch.testing.assert_close(values, together[name][4:5], rtol=1e-12, atol=1e-12)
    assert all(not len(values) for values in derived_quantities(theta[:0], indices).values())


def test_free_gas_has_two_more_columns(tracked, wide_theta):
    free, theta = SpectralIndices("free", path=tracked("populations.h5")), wide_theta(5, 4)
    theta[:, NAMES.index("tage")] = 0.05
    rich, poor = (
        derived_quantities(torch.cat([theta, torch.tensor([gas]).expand(5, 2)], 1), free)
        for gas in ([0.3, -2.0], [-1.0, -2.0])
    )
    assert ((rich["halpha_width"] / poor["halpha_width"] - 1).abs() > 0.01).all()
    assert torch.equal(rich["t50"], poor["t50"])


def test_what_is_no_theta_is_refused(indices, wide_theta, refused):
    theta = wide_theta(2, 5)
    with refused("(2, 4)"):
        derived_quantities(theta[:, :4], indices)
    theta[1, NAMES.index("dust2")] = torch.nan
    with refused("dust2", "row 1"):
        derived_quantities(theta, indices)


def test_another_history_is_refused(tracked, refused):
    burst = SpectralIndices(history=SingleBurst, path=tracked("populations.h5"))
    with refused("tage", "DelayedTau"):
        derived_quantities([[10.0, 0.0, 0.3, 1.0]], burst)


def test_mass_and_rate_are_fsps_own(prospector, indices, wide_theta):
    from digs.sps.home import sps_data

    if indices.populations.product.attributes["sps_fingerprint"] != sps_data().fingerprint:
        pytest.skip("SPS_HOME has other data than those of populations.h5")
    theta = wide_theta(5, 4).double()
    theta[:, 1] = torch.linspace(-0.2, 0.15, 5)
    theta[:, 4] = theta[:, 4].clamp(min=-0.5)
    found = derived_quantities(theta, indices)
    for row, one in enumerate(theta.numpy()):
        prospector(one)
        population, mass = prospector.sps.ssp, 10 ** one[0]
        assert found["surviving_mass"][row].item() == pytest.approx(mass * population.stellar_mass, rel=1e-3)
        assert found["sfr"][row].item() == pytest.approx(mass * population.sfr, rel=1e-3)
