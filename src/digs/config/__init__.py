"""What there is to set: theta, the model's settings, those of each stage, and params.yaml."""

from digs.base.lazy import face

__all__, __getattr__, __dir__ = face(
    __name__,
    {
        "Parameter": "theta",
        "load_params": "params",
    },
)
