"""Schema of released_recipe.h5: the arrays of a flow (digs.flows.fast.plain_maf), and what its training was."""

from digs.config.theta import NAMES
from digs.files.product import Field, Schema

_D = len(NAMES)
RELEASED_RECIPE = Schema(
    "released_recipe",
    {
        "shift": Field((_D,)),
        "scale": Field((_D,), positive=True),
        "mean": Field(("pixel",), "dex"),
        "std": Field(("pixel",), "dex", positive=True),
        "context_weight": Field(("transform", "unit", "pixel")),
        "context_bias": Field(("transform", "unit")),
        "first_weight": Field(("transform", "unit", _D)),
        "first_bias": Field(("transform", "unit")),
        "hidden_weight": Field(("transform", "layer", "unit", "unit")),
        "hidden_bias": Field(("transform", "layer", "unit")),
        "last_weight": Field(("transform", 2 * _D, "unit")),
        "last_bias": Field(("transform", 2 * _D)),
        "permutation": Field(("transform", _D), "", "i8"),
        # nat, epoch by epoch: the mean of -ln q on the way, and on the held-out pairs
        "training_loss": Field(("epoch",), "nat", "f8"),
        "held_out_loss": Field(("epoch",), "nat", "f8"),
    },
)
