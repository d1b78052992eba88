"""Flows that learn three parameters, mass and dust being in closed form: coordinates, edges, one density, files."""

import math

import pytest
import torch
from conftest import density_by_autograd

from digs.config.model import Architecture, Embedding
from digs.config.params import load_params
from digs.config.theta import DUST, MASS, NAMES, REST
from digs.flows.coordinates import Marginal
from digs.flows.features import MassEdges
from digs.flows.flow import Flow, build_flow
from digs.flows.mass_and_dust import MassAndDust
from digs.flows.network_files import load_flow, load_record, save_network
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

FRACTION = 0.05
ARCHITECTURES = {
    "maf": Architecture(hidden_features=8, num_transforms=2, marginal=True),
    "zuko_nsf": Architecture(
        density_estimator="zuko_nsf",
        hidden_features=16,
        num_transforms=2,
        num_bins=4,
        components=6,
        marginal=True,
        mass_edges=True,
        embedding=Embedding(width=16, blocks=1, features=8),
    ),
}


@pytest.fixture(scope="module")
def conditional(fake_populations) -> MassAndDust:
    """Over ranges so narrow that an untrained flow's draws, though wrong, leave dust and mass somewhere in theirs."""
    prior = Prior([8.0, -1.0, 0.1, 1.0, -0.5], [13.0, 0.0, 1.0, 3.0, 0.5])
    return MassAndDust(Simulator(path=fake_populations, dtype=torch.float64), prior, FRACTION)


@pytest.fixture(scope="module")
def wide(fake_populations) -> MassAndDust:
    """Over all of the prior."""
    return MassAndDust(Simulator(path=fake_populations, dtype=torch.float64), Prior.over(load_params().prior), FRACTION)


def galaxies(conditional: MassAndDust, number: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """theta of the prior with noisy spectra."""
    random = torch.Generator().manual_seed(seed)
    theta = conditional.prior.sample(number, random)
    return theta, add_noise(conditional.simulator(theta), random, FRACTION)


def build(architecture: Architecture, conditional: MassAndDust, seed: int = 0) -> Flow:
    """An untrained flow, always with the same examples, and weights by the seed, spread so that all of them matter."""
    torch.manual_seed(seed)
    theta, flux = galaxies(conditional, 500, 1)
    flow = Flow(architecture, conditional.prior, flux.shape[1], (theta, flux.float()), conditional).double()
    with torch.no_grad():
        for weight in flow.parameters(load_params().prior):
            weight += 0.1 * torch.randn(weight.shape, dtype=torch.float64)
    return flow.eval().requires_grad_(False)


@pytest.fixture(params=ARCHITECTURES)
def flow(request, conditional) -> Flow:
    return build(ARCHITECTURES[request.param], conditional)


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("spread", [1, 5])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_draw_is_inside_the_prior(wide, architecture, spread):
    flow = build(ARCHITECTURES[architecture], wide)
    _, flux = galaxies(wide, 20, 2)
    theta = flow.sampler()(spread * normal(20, 500, 5, seed=3), flux)
    assert theta.shape == (20, 500, 5)
    assert flow.prior.contains(theta).all()


def test_draws_have_the_density_that_log_prob_says(flow, conditional):
    _, flux = galaxies(conditional, 4, 4)
    noise = normal(4, 3, 5, seed=5)
    theta = flow.sampler()(noise, flux)
    expected = density_by_autograd(flow, noise, flux)
    torch.testing.assert_close(flow.log_prob(theta, flux), expected, rtol=0, atol=1e-4)


def test_mass_and_dust_are_those_of_the_closed_form(flow, conditional):
    """Whatever the network: its draws of both, given its draws of the rest, are the conditional's own."""
    _, flux = galaxies(conditional, 30, 6)
    noise = normal(30, 4, 5, seed=7)
    theta = flow.sampler()(noise, flux).flatten(0, 1)
    mass, dust = conditional.from_noise(theta[:, REST], noise[..., 3:].flatten(0, 1), flux.repeat_interleave(4, 0))
    torch.testing.assert_close(theta[:, MASS], mass)
    torch.testing.assert_close(theta[:, DUST], dust)
    other = noise.clone()
    other[..., 3:] += 1.0
    moved = flow.sampler()(other, flux).flatten(0, 1)
    assert torch.equal(moved[:, REST], theta[:, REST])
    assert (moved[:, DUST] > theta[:, DUST]).all()


def test_loss_and_log_prob_are_the_same_density(flow, conditional):
    theta, flux = galaxies(conditional, 50, 8)
    log_jacobian = flow.prior.log_jacobian(flow.prior.to_unbounded(theta))
    torch.testing.assert_close(flow.log_prob(theta[:, None], flux)[:, 0], log_jacobian - flow.loss(theta, flux))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_is_not_learned_of_the_loss_depends_on_no_weight(conditional, architecture):
    theta, flux = galaxies(conditional, 50, 9)
    flows = [build(ARCHITECTURES[architecture], conditional, seed) for seed in (1, 2)]
    learned = [flow.learned_loss(theta, flux) for flow in flows]
    rest = [flow.loss(theta, flux) - part for flow, part in zip(flows, learned, strict=True)]
    assert ((learned[0] - learned[1]).abs() > 1e-3).all()
    torch.testing.assert_close(*rest)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_losses_compare_with_those_of_flows_that_learn_all_five(conditional, architecture):
    """Either's loss is -ln of its density in the unbounded coordinates of all five."""
    marginal = build(ARCHITECTURES[architecture], conditional)
    theta, flux = galaxies(conditional, 20, 10)
    plain = Flow(Architecture(hidden_features=8, num_transforms=2), conditional.prior, flux.shape[1]).double()
    for flow in (marginal, plain):
        in_theta = flow.log_prob(theta[:, None], flux)[:, 0]
        in_z = in_theta - flow.prior.log_jacobian(flow.prior.to_unbounded(theta))
        torch.testing.assert_close(flow.loss(theta, flux), -in_z)


def test_a_spectrum_has_its_own_density_whatever_its_neighbours(flow, conditional):
    theta, flux = galaxies(conditional, 6, 11)
    theta = theta.repeat(1, 3).reshape(6, 3, 5)
    theta[:, 1, MASS] -= 0.01
    together = flow.log_prob(theta, flux)
    alone = [flow.log_prob(theta[row : row + 1], flux[row : row + 1])[0] for row in range(6)]
    torch.testing.assert_close(together, torch.stack(alone))
    assert (together[:, 0] != together[:, 1]).all()
    noise = normal(6, 3, 5, seed=12)
    alone = [flow.sampler()(noise[row : row + 1], flux[row : row + 1])[0] for row in range(6)]
    torch.testing.assert_close(flow.sampler()(noise, flux), torch.stack(alone))


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("place", range(5))
def test_outside_the_prior_the_density_is_zero(flow, conditional, place, end):
    theta, flux = galaxies(conditional, 5, 13)
    for beyond in (0, 1e-6, 100.0):
        theta[:, place] = getattr(flow.prior, end)[place] + (beyond if end == "high" else -beyond)
        log_prob = flow.log_prob(theta[:, None], flux)
        assert (torch.isfinite(log_prob) if beyond == 0 else log_prob == -torch.inf).all()


def test_gradients_reach_every_weight(flow, conditional):
    flow.requires_grad_(True)
    flow.learned_loss(*galaxies(conditional, 200, 14)).mean().backward()
    for name, weight in flow.named_parameters():
        assert weight.grad is not None, name
        assert torch.isfinite(weight.grad).all(), name
        assert weight.grad.any(), name


@pytest.fixture
def marginal(conditional) -> Marginal:
    return Marginal(conditional)


def test_the_learned_three_return_from_their_coordinates(marginal, conditional):
    theta, flux = galaxies(conditional, 200, 15)
    y = marginal(theta)
    assert y.shape == (200, 3)
    back = marginal.inverse(y[:, None], normal(200, 1, 2, seed=16), flux)[:, 0]
    torch.testing.assert_close(back[:, REST], theta[:, REST])
    y = 2 * normal(200, 3, seed=17)
    there = marginal.inverse(y[:, None], normal(200, 1, 2, seed=18), flux)[:, 0]
    torch.testing.assert_close(marginal(there), y)


def test_the_coordinates_of_the_prior_are_normal(marginal, conditional):
    y = marginal(conditional.prior.sample(20_000, torch.Generator().manual_seed(19)))
    torch.testing.assert_close(y.mean(0), torch.zeros(3, dtype=torch.float64), rtol=0, atol=0.03)
    torch.testing.assert_close(torch.cov(y.T), torch.eye(3, dtype=torch.float64), rtol=0, atol=0.05)


def test_a_normal_density_in_the_coordinates_is_the_prior_of_the_three(marginal, conditional):
    """What ln N(y) is to be multiplied by leaves their prior, and mass and dust given them."""
    theta, flux = galaxies(conditional, 50, 20)
    log_normal = torch.distributions.Normal(0, 1).log_prob(marginal(theta)).sum(-1)
    sides = (conditional.prior.high - conditional.prior.low)[list(REST)]
    expected = conditional.log_prob(theta, flux) - sides.log().sum()
    torch.testing.assert_close(log_normal + marginal.log_volume(theta, flux), expected)


def test_coordinates_are_finite_on_the_surface_of_the_prior(marginal):
    corners = torch.stack([marginal.prior.low, marginal.prior.high])
    y = marginal(corners)
    assert torch.isfinite(y).all()
    assert (y[0] < -5).all()
    assert (y[1] > 5).all()


@pytest.mark.parametrize(("mass", "dust"), [(8.0, 0.55), (10.0, 0.1), (10.0, 0.55), (13.0, 1.0)])
def test_mass_and_dust_have_a_density_that_integrates_to_one(conditional, mass, dust):
    """At fixed rest, that of the galaxy and that of another one."""
    theta, _ = galaxies(conditional, 2, 21)
    theta[:, MASS], theta[:, DUST] = mass, dust
    flux = add_noise(conditional.simulator(theta[:1]), torch.Generator().manual_seed(22), FRACTION)
    low, high = conditional.prior.low, conditional.prior.high
    steps = torch.linspace(-1, 1, 201, dtype=torch.float64) ** 3  # fine around the peak, be it at an end
    for rest in theta[:, REST]:
        found = conditional.expand(rest[None], flux)
        middle = found.dust.clamp(low[DUST], high[DUST])
        dusts = (middle + 9 * found.dust_std * steps).clamp(low[DUST], high[DUST])
        mean = (found.mass + found.mass_slope * (dusts - found.dust)) / math.log(10)
        middle, reach = mean.clamp(low[MASS], high[MASS]), 9 * found.mass_std / math.log(10)
        masses = (middle[:, None] + reach * steps).clamp(low[MASS], high[MASS])
        points = torch.zeros(masses.numel(), 5, dtype=torch.float64)
        points[:, REST], points[:, MASS], points[:, DUST] = rest, masses.flatten(), dusts.repeat_interleave(201)
        rows = points.split(10_000)
        density = torch.cat([conditional.log_prob(part, flux.expand(len(part), -1)) for part in rows]).exp()
        over_mass = torch.trapezoid(density.reshape(masses.shape), masses)
        assert torch.trapezoid(over_mass, dusts).item() == pytest.approx(1, abs=5e-3)


LOW, HIGH, MASS_TO_LIGHT = 8.0, 13.0, 26.0


@pytest.fixture
def edges() -> MassEdges:
    edges = MassEdges(LOW, HIGH).double()
    flux = torch.exp(0.3 * normal(50, 7, seed=23)) * 1e-17
    edges.fit(flux.log10().mean(1) + MASS_TO_LIGHT, flux)
    return edges


def spectra(mass: torch.Tensor, seed: int) -> torch.Tensor:
    """Of random shapes, with levels that belong to these masses."""
    shape = 0.3 * normal(len(mass), 7, seed=seed)
    return 10 ** (shape - shape.mean(1, keepdim=True) + mass[:, None] - MASS_TO_LIGHT)


def test_edges_are_out_of_sight_in_the_middle_and_change_sign_where_they_are(edges):
    mass = torch.linspace(LOW - 2, HIGH + 2, 361, dtype=torch.float64)
    seen = edges(spectra(mass, 24))
    assert seen.shape == (361, 2)
    for column, distance in zip(seen.T, (mass - LOW, HIGH - mass), strict=True):
        off = distance.abs() > 1e-9
        assert torch.equal(column.sign()[off], distance.sign()[off])
        assert (column[~off].abs() < 1e-6).all()
        assert (~off).sum() == 1
        far = distance.abs() > 0.8
        torch.testing.assert_close(column[far], distance.sign()[far], rtol=0, atol=1e-3)
        assert (column.diff() * distance.diff() >= 0).all()
        near = distance.abs() < 0.1
        assert (column[near].diff().abs() > 0.02).all()  # for a step of 0.025 dex


def test_edges_do_not_depend_on_the_shape(edges):
    mass = torch.linspace(LOW - 0.5, HIGH + 0.5, 30, dtype=torch.float64)
    torch.testing.assert_close(edges(spectra(mass, 25)), edges(spectra(mass, 26)))


def test_the_network_sees_the_edges(conditional):
    """As two more features, which tell apart what the level alone hardly does."""
    settings = {"hidden_features": 8, "num_transforms": 2, "marginal": True}
    without, with_edges = (build(Architecture(**settings, mass_edges=edges), conditional) for edges in (False, True))
    _, flux = galaxies(conditional, 10, 27)
    assert with_edges.context(flux).shape[1] == without.context(flux).shape[1] + 2
    assert torch.equal(with_edges.context(flux)[:, -2:], with_edges.edges(flux))


def test_save_and_load(tracked, tmp_path):
    """With the tracked grid, of which the file of weights holds nothing."""
    tracked("populations.h5")
    architecture = ARCHITECTURES["zuko_nsf"].model_copy(update={"components": 10})
    simulator, random = Simulator(), torch.Generator().manual_seed(28)
    theta = Prior.over(load_params().prior).sample(300, random)
    flux = add_noise(simulator(theta), random, FRACTION)
    torch.manual_seed(29)
    flow = build_flow(
        architecture, Prior.over(load_params().prior), simulator.pixels, FRACTION, (theta, flux)
    ).requires_grad_(False)
    save_network(
        tmp_path,
        "three",
        flow,
        architecture=architecture,
        wavelength=simulator.wavelength.tolist(),
        noise_fraction=FRACTION,
        training={"epochs": 0},
        provenance={"sps_fingerprint": simulator.sps_fingerprint},
    )
    loaded, record = load_flow("three", tmp_path)
    assert record.architecture == architecture
    log_prob = flow.log_prob(theta[:, None], flux)
    assert torch.isfinite(log_prob).all()
    assert torch.equal(loaded.log_prob(theta[:, None], flux), log_prob)
    noise = torch.randn(300, 2, len(NAMES), generator=random)
    assert torch.equal(loaded.sampler()(noise, flux), flow.sampler()(noise, flux))
    assert (tmp_path / "three.safetensors").stat().st_size < 4 * sum(w.numel() for w in flow.state_dict().values()) * 2


def test_a_network_of_other_populations_is_refused(tracked, tmp_path, refused):
    tracked("populations.h5")
    record = load_record("fiducial")
    changed = record.model_copy(update={"provenance": {**record.provenance, "sps_fingerprint": "other"}})
    (tmp_path / "fiducial.json").write_text(changed.model_dump_json())
    with refused("fiducial", "SPS data", "dvc repro flow_fiducial"):
        load_flow("fiducial", tmp_path)
