"""Where to look for a galaxy: the templates that are most like it, in its own least-squares coordinates."""

import numpy as np
import torch

from digs.inference.engine.dispersion_nodes import node_shares
from digs.inference.engine.fixed_covariance import FixedCovariance
from digs.inference.engine.galaxy_problem import GalaxyProblem
from digs.inference.engine.model_space import ModelSpace

_APART = 0.7  # in z, by which starts differ at least
_LOOKED_AT = 400  # of the best templates


def template_starts(
    problem: GalaxyProblem, forms: FixedCovariance, space: ModelSpace, number: int, between: int = 1
) -> np.ndarray:
    """Return the z of so many templates, or fewer, that are likely and unlike each other, the likeliest first.

    Args:
        problem: of the galaxy.
        forms: its likelihood.
        space: whose templates are compared.
        number: of starts, at most.
        between: how many dispersions are tried from each node to the next.
    """
    templates, shapes = space.templates, space.coefficients.shapes
    combine = np.zeros((len(forms.combine), templates.amounts.shape[1]))
    combine[:, np.append(np.arange(shapes), shapes + problem.models[0].lines)] = forms.combine.numpy()
    y = torch.as_tensor(templates.amounts @ combine.T)
    several = len(forms.curvature) > 1
    if several:
        nodes = forms.log_dispersion
        tried = torch.linspace(nodes[0].item(), nodes[-1].item(), between * (len(nodes) - 1) + 1, dtype=torch.float64)
        share = node_shares(nodes, tried).T
        square = torch.stack([((y @ each) * y).sum(1) for each in forms.curvature], 1) @ share
        inner = y @ forms.slope.T @ share
        log_likelihood, which = forms.without_mass(square, inner, forms.constant @ share).max(1)
        dispersion = tried[which].numpy()
    else:
        log_likelihood = forms.log_likelihood(y, None)
    prior = problem.prior
    theta = templates.theta if not several else np.column_stack([templates.theta, dispersion])
    log_weight = log_likelihood.numpy() - templates.log_density
    inside = np.isfinite(prior.log_prob(torch.as_tensor(theta)).numpy())
    log_weight[~inside] = -np.inf
    best = np.argsort(-log_weight, kind="stable")[:_LOOKED_AT]
    z = problem.coordinates.z(theta[best]).clip(-3, 3)
    chosen = [0]
    for row in range(1, len(best)):
        if len(chosen) == number:
            break
        if np.isfinite(log_weight[best[row]]) and (np.square(z[chosen] - z[row]).sum(1) > _APART**2).all():
            chosen.append(row)
    return z[chosen]
