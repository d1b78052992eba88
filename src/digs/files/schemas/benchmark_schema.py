"""Schemas of benchmark_k22.h5, benchmark_noise.h5 and benchmark_corrupted.h5."""

from digs.config.theta import NAMES
from digs.files.product import Field, Schema
from digs.files.units import FLUX_UNIT, THETA_UNIT

_COMMON = {
    "flux": Field(("galaxy", "pixel"), FLUX_UNIT),
    # draws = center + steps @ axes
    "center": Field(("galaxy", len(NAMES)), THETA_UNIT, "f8"),
    "axes": Field(("galaxy", len(NAMES), len(NAMES)), THETA_UNIT),
    "steps": Field(("galaxy", "draw", len(NAMES)), "1", "i2", decimals=0),
    "quantiles": Field(("galaxy", "quantile", len(NAMES)), THETA_UNIT),
    "log_evidence": Field(("galaxy",), "nat", "f8"),
    "log_evidence_error": Field(("galaxy",), "nat", positive=True),
    "effective": Field(("galaxy",), "1", positive=True),
}

_THETA = {"theta": Field(("galaxy", len(NAMES)), THETA_UNIT, "f8")}

# sigma is 0 in gaps, and so is flux
_SIGMA = {"sigma": Field(("galaxy", "pixel"), FLUX_UNIT)}

BENCHMARK = {
    "k22": Schema("benchmark k22", _COMMON | _THETA),
    "noise": Schema("benchmark noise", _COMMON | _THETA | _SIGMA),
    "corrupted": Schema("benchmark corrupted", _COMMON),
}
