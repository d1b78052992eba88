"""Stage `released_recipe`: a network trained as the released code of Khullar et al. (2022) does it."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import torch

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.released_recipe_settings import ReleasedRecipeSettings
from digs.files.product import read_product, write_product
from digs.files.resumable import SCRATCH, work_key
from digs.files.schemas.released_recipe_schema import RELEASED_RECIPE
from digs.files.schemas.released_schema import RELEASED
from digs.flows.fast.plain_maf import PlainMaf
from digs.flows.released_maf import TO_THEIRS
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator, stored_instrument
from digs.physics.stored_populations import POPULATIONS_FILE, stored_populations
from digs.provenance.records import run_stage
from digs.training.released_pairs import ReleasedPairs
from digs.training.small_batches import SmallBatches, train_on_small_batches


def main() -> None:
    """Train until the held-out loss has not fallen for some epochs (resumes after an interruption)."""
    params = load_params(ReleasedRecipeSettings)
    settings, prior, fraction = params.released_recipe, Prior.over(params.prior), params.noise.fraction
    torch.set_num_threads(1)
    members = torch.as_tensor(read_product(paths.ROOT / "src/static/khullar2022.h5", RELEASED)["theta"])
    source = ReleasedPairs(Simulator(stored_instrument(settings.spectrum(params))), prior, members, fraction)
    theta, data = source.looked_up(settings.pairs, settings.seed, "pairs")
    theta = theta[:, TO_THEIRS].float()
    held = round(settings.validation_fraction * len(theta))  # theta are independent, so that any may be held out
    seen, unseen = (theta[held:], data[held:]), (theta[:held], data[:held])
    flow = PlainMaf.untrained(*seen, settings.units, settings.transforms, settings.seed)
    recipe = SmallBatches(
        settings.batch_size,
        settings.learning_rate,
        False,
        settings.epochs,
        settings.patience,
        settings.clip_norm,
        settings.seed,
    )
    depends_on = [settings.model_dump(), params.prior.model_dump(), fraction]
    key = work_key(depends_on, __file__, POPULATIONS_FILE.read_bytes())
    checkpoint = SCRATCH / "networks" / f"released_recipe-{key}.npz"
    best, training_loss, held_out_loss = train_on_small_batches(flow, lambda _: seen, unseen, recipe, checkpoint)
    write_product(
        paths.DATA / "released_recipe.h5",
        RELEASED_RECIPE,
        {**best.arrays(), "training_loss": training_loss, "held_out_loss": held_out_loss},
        parameters={"released_recipe": settings.model_dump()},
        sps_label=stored_populations().label,
    )


if __name__ == "__main__":
    run_stage(main)
