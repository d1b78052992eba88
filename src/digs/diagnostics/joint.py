"""Is a posterior what it says, in all parameters at once and galaxy by galaxy? This goes on from diagnostics.ranks.

Draws have shape (galaxies, draws, parameters), truths (galaxies, parameters). Every rank is uniform on 0 to the number
of draws where the posterior is exact and truths come from the prior, so that all kinds share bands and curves.
"""

import numpy as np
import torch
from arviz.stats.ecdf_utils import ecdf_confidence_band
from sbi.diagnostics import LC2ST
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

_DEGREE = 3  # of the classifier's polynomials: a width (squared) that changes with the place in the prior


def simultaneous_band(galaxies: int, levels: np.ndarray, probability: float) -> np.ndarray:
    """Return where the whole distribution function of uniform ranks lies with this probability, shape (2, levels).

    It is that of Saeilynoja, Buerkner and Vehtari (2022), by arviz.

    Args:
        galaxies: how many ranks there are.
        levels: where it is evaluated, from 0 to 1, both of which are certain, shape (levels,).
        probability: that a curve of uniform ranks lies inside at all levels.

    Example:
        >>> import numpy as np
        >>> from digs.diagnostics import simultaneous_band
        >>> levels = np.linspace(0, 1, 6)
        >>> low, high = simultaneous_band(100, levels, 0.95)
        >>> bool((low <= levels).all() and (levels <= high).all()), low[[0, -1]].tolist()
        (True, [0.0, 1.0])
    """
    inside = levels[1:-1]
    return np.stack(
        [np.r_[0.0, edge, 1.0] for edge in ecdf_confidence_band(galaxies, inside, inside, prob=probability)]
    )


def excursion(cdf: np.ndarray, levels: np.ndarray, band: np.ndarray) -> np.ndarray:
    """Return the largest departure from the diagonal in units of the band, above 1 outside, shape (...).

    Args:
        cdf: shape (..., levels).
        levels: shape (levels,).
        band: as of simultaneous_band, shape (2, levels).
    """
    low, high = (band - levels)[:, 1:-1]
    departure = (cdf - levels)[..., 1:-1]
    return np.where(departure > 0, departure / high, departure / low).max(-1)


def density_rank(log_prob: np.ndarray, log_prob_truth: np.ndarray) -> np.ndarray:
    """Return how many draws have a higher density than the truth, shape (galaxies,).

    The truth lies in the smallest region that holds a share L of the posterior where fewer than L of the draws do: the
    highest-density region whose coverage Hermans et al. (2022) test.

    Args:
        log_prob: of the draws, shape (galaxies, draws).
        log_prob_truth: of the truths, shape (galaxies,).

    Example:
        >>> import numpy as np
        >>> from digs.diagnostics import density_rank
        >>> density_rank(np.array([[-1.0, -2.0, -3.0]]), np.array([-2.5])).tolist()
        [2]
    """
    return (log_prob > log_prob_truth[:, None]).sum(1)


def distance_rank(draws: np.ndarray, truth: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Return how many draws are nearer to a point than the truth, shape (galaxies,): TARP (Lemos et al. 2023).

    Distances are in units of the standard deviations of each galaxy's draws, so that every parameter counts.

    Args:
        draws: shape (galaxies, draws, parameters).
        truth: shape (galaxies, parameters).
        centre: the points, any function of the data and of chance, not of the truth, shape (galaxies, parameters).
            Where it does not depend on the data, a posterior that ignores them passes.

    Example:
        >>> import numpy as np
        >>> from digs.diagnostics import distance_rank
        >>> draws = np.array([[[1.0], [2.0], [3.0], [4.0]]])
        >>> distance_rank(draws, truth=np.array([[2.5]]), centre=np.array([[0.0]])).tolist()
        [2]
    """
    scale = draws.std(1)
    distance = np.linalg.norm((draws - centre[:, None]) / scale[:, None], axis=-1)
    return (distance < np.linalg.norm((truth - centre) / scale, axis=-1)[:, None]).sum(1)


def weighted_probability(draws: np.ndarray, truth: np.ndarray, log_weight: np.ndarray) -> np.ndarray:
    """Return the cumulative probability at the truth of weighted draws, shape (galaxies, parameters).

    Weighted to the exact posterior (inference.importance), it is uniform whatever the network, up to the chance that
    made the truths: what a network's own ranks show in excess is the network's.

    Args:
        log_weight: shape (galaxies, draws).
    """
    weight = np.exp(log_weight - log_weight.max(1, keepdims=True))
    return ((draws < truth[:, None]) * weight[..., None]).sum(1) / weight.sum(1)[:, None]


def z_score(draws: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return mean less truth in units of the posterior's standard deviation, shape (galaxies, parameters)."""
    return (draws.mean(1) - truth) / draws.std(1)


def contraction(draws: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return 1 less the posterior's variance over that of the uniform prior, shape (galaxies, parameters).

    With z_score, it makes the plane of Schad, Betancourt and Vasishth (2021).

    Args:
        low, high: ends of the prior, shape (parameters,).
    """
    return 1 - draws.var(1) / ((high - low) ** 2 / 12)


def whiten(points: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Return points as seen from posteriors, of mean 0 and covariance 1 if they are draws; of the shape of points.

    Args:
        points: shape (galaxies, number, parameters).
        draws: of the posteriors, shape (galaxies, draws, parameters).
    """
    centred = draws - draws.mean(1, keepdims=True)
    factor = np.linalg.cholesky(centred.swapaxes(1, 2) @ centred / draws.shape[1])
    points = points - draws.mean(1, keepdims=True)
    return np.linalg.solve(factor, points.swapaxes(1, 2)).swapaxes(1, 2)


class LocalTest:
    """L-C2ST (Linhart et al. 2023), by sbi: can a classifier tell truths from draws near one galaxy?

    The classifier is a logistic regression on cubic polynomials, which takes a fraction of a second where sbi's own
    takes many; it must be trained once for each permutation of the labels.

    Args:
        truth, draw: of each galaxy, whitened, shape (galaxies, parameters).
        summary: what the classifier knows of the data, shape (galaxies, summaries).
        trials: permutations that the p-values come from.
    """

    def __init__(self, truth: np.ndarray, draw: np.ndarray, summary: np.ndarray, trials: int, seed: int):
        classifier = make_pipeline(
            PolynomialFeatures(_DEGREE, include_bias=False),
            StandardScaler(),
            LogisticRegression(solver="newton-cholesky"),
        )
        self.test = LC2ST(
            _tensor(truth), _tensor(summary), _tensor(draw), seed=seed, num_trials_null=trials,
            classifier=type(classifier), classifier_kwargs={"steps": classifier.steps}, z_score=False,
        )  # fmt: skip
        # sbi permutes with torch's global random numbers
        with torch.random.fork_rng(devices=[]):
            self.test.train_on_observed_data(verbosity=0).train_under_null_hypothesis(verbosity=0)

    def p_value(self, draws: np.ndarray, summary: np.ndarray) -> float:
        """Return the p-value of one galaxy's posterior being right.

        Args:
            draws: of the posterior, whitened, shape (draws, parameters).
            summary: of the galaxy's data, as of the class.
        """
        return self.test.p_value(_tensor(draws), _tensor(summary))


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(np.ascontiguousarray(array), dtype=torch.float32)
