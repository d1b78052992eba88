"""How the general network is trained: what it depends on, its pairs, and the loop of digs.training.loop."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from digs.base.random_streams import generator
from digs.config.model import Architecture
from digs.config.stages.general_network_settings import GeneralNetworkSettings, GeneralRecipe
from digs.files.resumable import SCRATCH, ResumableParts, work_key
from digs.inference.general import alike_pairs
from digs.inference.general.galaxy_components import GalaxyComponents
from digs.inference.general.general_flow import GeneralFlow
from digs.inference.general.general_network import round_weights
from digs.inference.general.general_pairs import LEARNED, GeneralPairs, Store, components_of
from digs.physics.linear.shapes import BASIS_FILE
from digs.physics.stored_populations import POPULATIONS_FILE
from digs.training.loop import held_out_loss, train
from digs.training.pairs import Sample

FOLDER = SCRATCH / "general"


_EXAMPLE = 8192  # pairs that features are standardised by


@dataclass(frozen=True)
class GeneralData:
    """What networks are trained on and judged by.

    components: that they see.
    pairs: to train on.
    held_out: pairs of ways to observe that are never trained on.
    stores: folders of what was made once, to be forgotten at the end.
    """

    components: GalaxyComponents
    pairs: GeneralPairs
    held_out: Sample
    stores: tuple[ResumableParts, ...]

    @classmethod
    def of(cls, settings: GeneralNetworkSettings, folder: Path = FOLDER) -> "GeneralData":
        """Return the data, made once and then kept in a folder until they are forgotten.

        Args:
            settings: how many there are of all.
            folder: for all of this kind.
        """
        components = components_of(
            settings.components, settings.component_galaxies, settings.seed, folder / "components"
        )
        depends = settings.model_dump(include={"components", "component_galaxies", "seed"})
        stores = []
        for name, number in (("ways", settings.ways), ("held_out_ways", settings.held_out_ways)):
            parts = ResumableParts(folder / name, depends, alike_pairs.__file__, BASIS_FILE, POPULATIONS_FILE)
            stores.append((Store(components, settings.seed, name, number, parts), parts))
        (seen, first), (unseen, second) = stores
        pairs = GeneralPairs(seen.ways, generator(settings.seed, "general pairs"))
        others = GeneralPairs(unseen.ways, generator(settings.seed, "general held-out pairs"))
        number = settings.held_out_pairs
        return cls(components, pairs, next(others.epoch(number, number)), (first, second))

    def forget(self) -> None:
        """Remove the files of the ways to observe."""
        for parts in self.stores:
            parts.forget()


def trained_flow(
    data: GeneralData, architecture: Architecture, recipe: GeneralRecipe, seed: int, name: str
) -> tuple[GeneralFlow, dict[str, Any]]:
    """Return a flow, trained to the end and rounded, and what its training was (resumes after an interruption).

    Args:
        data: to train on.
        architecture: of the flow.
        recipe: how it is trained.
        seed: of weights and pairs.
        name: of the training.
    """
    data.pairs.generator = generator(seed, f"pairs of {name}")
    example = next(GeneralPairs(data.pairs.ways, generator(seed, "example")).epoch(_EXAMPLE, _EXAMPLE))[1]
    torch.manual_seed(seed)  # initial weights
    flow = GeneralFlow(architecture, len(LEARNED), example.shape[1], example)
    settings = [architecture.model_dump(), recipe.model_dump(), seed, [parts.folder.name for parts in data.stores]]
    settings += [len(data.pairs.ways), len(data.held_out[0])]
    checkpoint = FOLDER / f"{name}-{work_key(settings, __file__)}.safetensors"
    found = train(flow, data.pairs, data.held_out, recipe, checkpoint)
    round_weights(flow)
    loss = held_out_loss(flow, *data.held_out, learned=True).double()
    history = asdict(found.history)
    return flow, {
        "held_out_loss": {"value": loss.mean().item(), "error": (loss.std() / len(loss) ** 0.5).item()},
        "pairs": recipe.pairs * found.history.epochs,
        "epochs": found.history.epochs,
        "best_epoch": found.history.best_epoch + 1,
        "stopped_because": found.stopped_because,
        "weights": sum(weight.numel() for weight in flow.parameters()),
        "cpu_seconds": sum(history["cpu_seconds"]),
        "history": history,
    }
