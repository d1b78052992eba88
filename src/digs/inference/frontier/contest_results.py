"""What the ways to exact posteriors come to on a problem's galaxies, and the numbers that are kept of it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from digs.config.stages.frontier_settings import FrontierSettings
from digs.inference.frontier.catalogue_costs import each, per_galaxy, shares
from digs.inference.frontier.contest_times import ALONE, TRAINING

# columns of what is kept of each galaxy, by method
SHARE, EVIDENCE, EFFECTIVE, ROUNDS, CALLS = range(5)  # of mixtures; the first two of grid and networks
SIZE, R_HAT = range(2)  # of emcee
NESTED_SIZE, NESTED_EVIDENCE, NESTED_CALLS = range(3)  # of nautilus


def results(
    kept: Mapping[str, np.ndarray],
    seconds: Mapping[str, np.ndarray],
    set_up: Mapping[str, float],
    trainings: Mapping[str, Mapping[str, Any]],
    settings: FrontierSettings,
) -> dict[str, Any]:
    """Return the numbers of each method, by its name.

    Args:
        kept: of each galaxy, by method.
        seconds: as of contest_seconds.
        set_up: seconds, of grid and mixtures.
        trainings: of each network: pairs that it was shown, and cpu_seconds that took.
    """
    times, seed, wanted = settings.bootstrap, settings.seed, settings.effective

    def method(name: str, share: np.ndarray, more: np.ndarray, once: float, **others: Any) -> dict[str, Any]:
        costs = {"set_up": once, **each(seconds[name], more, times, seed)}
        totals = [per_galaxy(costs, number) for number in settings.catalogues]
        return {"galaxies": len(share), "share": shares(share, times, seed), **costs, "per_galaxy": totals, **others}

    def fixed(name: str, once: float, **others: Any) -> dict[str, Any]:
        share = kept[name][:, SHARE]
        return method(name, share, wanted / settings.draws / share, once, **others)

    mixtures, emcee, nautilus = (kept[name] for name in ("mixtures", "emcee", "nautilus"))
    steps = settings.emcee.burn_in + settings.emcee.steps * wanted / emcee[:, SIZE]
    calls = settings.emcee.ensembles * settings.emcee.walkers * (settings.emcee.burn_in + settings.emcee.steps)
    found = {
        "grid": fixed("grid", set_up["grid"]),
        "mixtures": method(
            "mixtures",
            mixtures[:, SHARE],
            (wanted / mixtures[:, EFFECTIVE].clip(min=1)).clip(min=1),
            set_up["mixtures"],
            enough=float((mixtures[:, EFFECTIVE] >= wanted).mean()),
            rounds=float(mixtures[:, ROUNDS].mean()),
            calls=float(mixtures[:, CALLS].mean()),
            **_against(kept["grid"], mixtures[:, [SHARE, EVIDENCE]]),
        ),
        "emcee": method(
            "emcee", emcee[:, SIZE] / calls, steps, 0.0, steps=float(steps.mean()), worst_r_hat=emcee[:, R_HAT].max()
        ),
        "nautilus": method(
            "nautilus",
            nautilus[:, NESTED_SIZE] / nautilus[:, NESTED_CALLS],
            (wanted / nautilus[:, NESTED_SIZE]).clip(min=1),
            0.0,
            calls=float(nautilus[:, NESTED_CALLS].mean()),
            **_against(mixtures, nautilus[:, [NESTED_SIZE, NESTED_EVIDENCE]]),
        ),
    }
    for name, training in trainings.items():
        pair = seconds[f"{name} {TRAINING}"]
        found[name] = fixed(
            name,
            float(np.median(pair)) * training["pairs"],
            alone=each(seconds[f"{name} {ALONE}"], np.ones(2), times, seed)["timed"],
            **training,
            **_against(mixtures, kept[name]),
        )
    return found


def _against(one: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """How far ln of the evidence is from another method's, in the median of the galaxies that both have."""
    number = min(len(one), len(other))
    away = one[:number, EVIDENCE] - other[:number, EVIDENCE]
    return {"evidence_difference": float(np.median(np.abs(away)))}
