"""A walk that takes hours, in parts: one that was interrupted is taken up."""

import numpy as np

from digs.base.progress import progress
from digs.exact.emcee_walk import Chain, Density, gathered, sample_ensemble
from digs.files.resumable import ResumableParts


def walk_in_parts(
    log_prob: Density,
    start: np.ndarray,
    burn_in: list[int],
    steps: int,
    parts: ResumableParts,
    part_steps: int,
    seed: int,
) -> Chain:
    """Walk as sample_ensemble does, but keep every part_steps steps; parts that are done are not done again.

    Args:
        start: first positions, shape (walkers, dimensions), inside the support.
        burn_in, steps: multiples of part_steps.
    Returns:
        the walk after burn-in. Its calls count all parts; its seconds are so many times those of the median part, as an
        interruption or other work may stretch some of them.
    """
    random = np.random.default_rng(seed)
    position, seconds, acceptance = start, [], []
    lengths = [*burn_in, steps]
    with progress(total=sum(lengths), desc="Prospector's chain", unit="step") as bar:
        for round_number, length in enumerate(lengths):
            theta, density = [], []
            for first in range(0, length, part_steps):
                name = f"{round_number}-{first:05d}"
                if name not in parts:
                    part_seed = int(np.random.SeedSequence([seed, round_number, first]).generate_state(1)[0])
                    chain = sample_ensemble(log_prob, position, [], part_steps, part_seed)
                    alike = np.broadcast_to([chain.seconds, chain.acceptance.mean()], (*chain.log_prob.shape, 2))
                    parts.save(name, np.concatenate([chain.theta, chain.log_prob[..., None], alike], -1))
                part = parts.load(name)
                theta.append(part[..., :-3])
                density.append(part[..., -3])
                seconds.append(part[0, 0, -2])
                acceptance.append(part[0, 0, -1])
                position = theta[-1][:, -1]
                bar.update(part_steps)
            if round_number < len(burn_in) - 1:
                if f"{round_number}-around" not in parts:
                    parts.save(f"{round_number}-around", gathered(position, density[-1][:, -1], log_prob, random))
                position = parts.load(f"{round_number}-around")
    return Chain(
        theta=np.concatenate(theta, 1),
        log_prob=np.concatenate(density, 1),
        acceptance=np.full(len(start), np.mean(acceptance[-(steps // part_steps) :])),
        seconds=float(np.median(seconds)) * len(seconds),
        calls=len(start) * (sum(lengths) + sum(lengths) // part_steps),  # emcee asks for the first positions of a part
    )
