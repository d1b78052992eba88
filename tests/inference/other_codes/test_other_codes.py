"""What other codes are given, and what is made of their answers."""

import numpy as np
import pytest
import torch
from astropy import units
from astropy.cosmology import FlatLambdaCDM
from made_galaxy import DISPERSION, THETA, WAVELENGTH, made_galaxy

from digs.exact.normal.low_rank import LowRankCovariance
from digs.inference.other_codes import brought_spectra
from digs.inference.other_codes.bagpipes_answer import (
    BagpipesModel,
    added_to_logmass,
    as_bagpipes,
    bagpipes_answer,
    climbed,
    instructions,
    stellar_dispersion,
)
from digs.inference.other_codes.ppxf_answer import ppxf_answer, write_populations_for_ppxf
from digs.inference.other_codes.real_galaxy import brought_spectrum, in_bins
from digs.physics.formation import formation_quantities
from digs.physics.stored_populations import stored_populations

COLUMNS = ("logmass", "logzsol", "dust2", "tage", "logtau", "gas_logz", "gas_logu", "logdispersion")
PARTS = {"delayed": ("age", "metallicity", "tau"), "dust": ("Av",), "nebular": ("logU", "metallicity")}
FILE, DIGEST = "spectra/NGC3522_SDSS_DR18.fits", "f8ae8b105183728fc2d07d4e3ea3094306971f0fea33b8efe00088882841b958"


def test_ppxf_finds_a_made_galaxy():
    """pPXF has the populations, the dust and the errors of the galaxy, so it comes close to what made it."""
    galaxy, _ = made_galaxy(noise=0.01)
    answer = ppxf_answer(galaxy, regularisation=0.0, copies=4, seed=1)
    found = {name: values[1] for name, values in answer.percentiles().items()}
    truth = formation_quantities(torch.tensor(THETA[:, :5]), stored_populations())
    assert found["logmass"] == pytest.approx(THETA[0, 0], abs=0.15)
    assert found["log_surviving_mass"] == pytest.approx(np.log10(truth["surviving_mass"].item()), abs=0.15)
    assert found["logzsol"] == pytest.approx(THETA[0, 1], abs=0.1)
    assert found["dispersion"] == pytest.approx(DISPERSION, rel=0.05)
    assert galaxy.chi_squared(answer.model) / galaxy.seen.sum() < 1.2


def test_populations_for_ppxf_are_ours(tmp_path):
    """Their light is that of the stored populations: a solar mass of old stars has about 0.3 Lsun in V."""
    write_populations_for_ppxf(tmp_path / "populations.npz")
    with np.load(tmp_path / "populations.npz") as file:
        assert file["templates"].shape == (len(file["lam"]), len(file["ages"]), len(file["metals"]))
        assert file["masses"].shape == file["templates"].shape[1:]
        old = file["templates"][:, np.abs(file["ages"] - 10).argmin(), np.abs(file["metals"]).argmin()]
        level = old[np.abs(file["lam"] - 5500) < 100].mean()
    of_the_sun = 4.83e-5  # V, of its luminosity in each Angstrom, from its 1.9 W/m2/nm at 1 au
    assert 0.1 < level / of_the_sun < 1.0


def test_bagpipes_has_our_priors():
    model = instructions(0.5)
    assert model["delayed"]["age"][1] == pytest.approx(8.6, abs=0.1)  # no older than the universe
    assert model["dust"]["Av"] == pytest.approx((0.0, 4.343), abs=1e-3)
    assert model["delayed"]["metallicity"] == pytest.approx((0.01, 10**0.3))


def test_the_likelihood_of_bagpipes_as_a_function_of_the_mass():
    """A stand-in for Bagpipes, whose spectra are of a mass of 10^10: it says what chi-squared says."""
    galaxy, spectrum = made_galaxy(noise=0.01)
    model = BagpipesModel.__new__(BagpipesModel)
    model.galaxy, model._covariance = galaxy, LowRankCovariance(galaxy.sigma[galaxy.seen], galaxy.modes)
    terms = model.mass_terms(1.1 * spectrum)
    for logmass in (9.9, 10.0, 10.2):
        found = terms.log_likelihood(torch.tensor([logmass], dtype=torch.float64)).item()
        assert found == pytest.approx(-galaxy.chi_squared(1.1 * 10 ** (logmass - 10) * spectrum) / 2, rel=1e-9)


class Hill:
    """Two parameters, one of them logarithmic, with a likelihood like a hill."""

    class fitted:  # noqa: N801
        class prior:  # noqa: N801
            limits = ((0.01, 2.0), (-4.0, -1.0))

    @staticmethod
    def log_likelihood(values: np.ndarray) -> float:
        return -50 * ((np.log10(values[0]) + 0.5) ** 2 + (values[1] + 2.2) ** 2)


def test_the_top_of_a_hill_is_found():
    assert climbed(Hill(), np.array([1.5, -3.5])) == pytest.approx(0.0, abs=1e-3)
    assert climbed(Hill(), np.array([99.0, 5.0])) == pytest.approx(0.0, abs=1e-3)  # from outside the prior


def test_galaxies_of_digs_in_the_words_of_bagpipes():
    theta = dict(zip(COLUMNS, THETA[0], strict=True))
    found = as_bagpipes(theta)
    assert set(found) == {f"{part}:{name}" for part, names in PARTS.items() for name in names} | {"veldisp"}
    assert found["delayed:tau"] == pytest.approx(10**0.2)
    assert found["dust:Av"] == pytest.approx(0.543, abs=1e-3)


def test_masses_of_bagpipes_are_moved_to_our_cosmology():
    """The same flux from so much farther is so much more mass."""
    theirs = FlatLambdaCDM(70, 0.3).luminosity_distance(0.5).to_value("Mpc")
    near = added_to_logmass(0.5, theirs)
    assert abs(near) < 0.02
    assert added_to_logmass(0.5, theirs / 2) - near == pytest.approx(np.log10(4))
    assert units.Mpc.to("cm") == pytest.approx(3.086e24, rel=1e-3)


def test_dispersion_of_bagpipes():
    """With a spectrograph as sharp as the populations, what is added is the galaxy's; a broad one takes its share."""
    assert stellar_dispersion(100.0, 2.54, 5000.0) == pytest.approx(100.0)
    assert stellar_dispersion(100.0, 4.0, 5000.0) < 75
    assert stellar_dispersion(10.0, 9.0, 5000.0) == 0.0


def test_missing_packages_are_named(monkeypatch, refused):
    galaxy, _ = made_galaxy()
    monkeypatch.setattr(brought_spectra, "find_spec", lambda name: None)
    with refused("bagpipes is missing", "pip install"):
        bagpipes_answer(galaxy, {}, 1000.0, 100, 100, 1)
    with refused("ppxf is missing", "pip install"):
        ppxf_answer(galaxy, 0.0, 4, 1)
    with refused("ppxf is missing"):
        brought_spectrum("NGC 3522", "ppxf", FILE, DIGEST, 0, None)


def test_other_files_are_refused(refused):
    with refused(FILE, "SHA-256", "version"):
        brought_spectrum("NGC 3522", "ppxf", FILE, "0" * 64, 0, None)
    with refused("no file spectra/nothing.fits"):
        brought_spectrum("NGC 3522", "ppxf", "spectra/nothing.fits", DIGEST, 0, None)
    assert brought_spectrum("NGC 3522", "ppxf", FILE, DIGEST, 0, None).redshift == pytest.approx(0.004018, rel=1e-3)


def test_bins_hold_the_weighted_mean():
    """Each bin has ten pixels; the one behind the gap begins where the gap ends."""
    hidden = np.zeros(len(WAVELENGTH), bool)
    hidden[100:200] = True
    galaxy, model = made_galaxy(mask=hidden)
    found = in_bins(galaxy, np.stack([model] * 3), np.stack([model] * 2), 150)
    assert found["fits"].shape == (2, 150) and found["digs"].shape == (3, 150)
    np.testing.assert_allclose(found["flux"][10], galaxy.flux[200:210].mean())
    np.testing.assert_allclose(found["wavelength"][10], galaxy.rest[200:210].mean())
    np.testing.assert_allclose(found["sigma"], galaxy.sigma[0] / np.sqrt(10))
