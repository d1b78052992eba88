"""What each way comes to on each galaxy of a problem, part by part, so that an interruption loses little."""

from collections.abc import Callable, Mapping

import numpy as np

from digs.base.progress import progress
from digs.config.stages.frontier_settings import FrontierSettings
from digs.exact.brute_force.grid import Grid
from digs.exact.brute_force.template_bank import TemplateBank
from digs.files.resumable import ResumableParts
from digs.inference.frontier import contest as ways
from digs.inference.frontier.amortised import Amortised
from digs.inference.frontier.contest import Contest


def measured(
    contest: Contest, networks: Mapping[str, Amortised], settings: FrontierSettings, parts: ResumableParts
) -> dict[str, np.ndarray]:
    """Return what is kept of each galaxy, by method, as digs.inference.frontier.contest_results reads it.

    And where emcee's walkers end, as `walked`.

    Args:
        networks: by name.
        parts: that are done, and for those that are to come.
    """
    one = contest.problem

    def part(name: str, work: Callable[[], np.ndarray]) -> np.ndarray:
        if name not in parts:
            parts.save(name, work())
        return parts.load(name)

    def grid() -> np.ndarray:
        return ways.by_grid(contest, Grid(one.simulator, one.prior, contest.fraction))

    def mixtures() -> np.ndarray:
        bank = TemplateBank(one.simulator, one.prior, contest.fraction, settings.mixtures.bank, settings.seed)
        return ways.by_mixtures(contest.few(settings.mixtures.galaxies), bank, settings.mixtures, settings.effective)

    def chains() -> np.ndarray:
        few, walk = contest.few(settings.batch), settings.emcee
        return ways.by_emcee(few, ways.walkers(few, walk), walk.burn_in, walk.steps, walk.thin)

    def nautilus(galaxy: int) -> np.ndarray:
        found = ways.by_nautilus(contest, galaxy, settings.nautilus, settings.effective)
        return np.array([found.size, found.log_evidence, found.calls])

    kept = {"grid": part("grid", grid)}
    for name, each in networks.items():
        kept[name] = part(name, lambda each=each, name=name: ways.by_network(contest, each, settings.batch, name))
    kept["mixtures"], walked = part("mixtures", mixtures), part("emcee", chains)
    shown = progress(range(settings.nautilus.galaxies), desc=f"nautilus, {one.free} parameters", unit="galaxy")
    kept["nautilus"] = np.array([part(f"nautilus {each}", lambda each=each: nautilus(each)) for each in shown])
    return kept | {"emcee": ways.convergence(walked), "walked": walked[:, :, :, -1].astype(float)}
