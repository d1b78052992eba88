"""Numbers of the text: what Khullar et al. (2022) state."""

from digs.config.params import Params
from digs.paper import khullar2022 as published
from digs.paper.latex_numbers import grouped_integer
from digs.paper.numbers import Numbers


def stated(params: Params) -> Numbers:
    """Return their results and costs."""
    return {
        **{f"k22_width_{name}": f"{width:.2f}" for name, width in published.HALF_WIDTHS.items()},
        "k22_residual_percent": f"{100 * published.RESIDUAL:g}",
        "k22_draws": grouped_integer(published.DRAWS),
        "k22_training_hours": f"{published.TRAINING_HOURS:g}",
        "k22_fit_hours_high": f"{max(published.FIT_HOURS):g}",
    }


GROUPS = (stated,)
