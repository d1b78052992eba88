"""Numbers of the text: real spectra beside other codes."""

from digs.base import paths
from digs.config.params import Params
from digs.files.atomic import read_json
from digs.inference.other_codes.code_answer import BAGPIPES, BINNED, DELAYED, PPXF
from digs.paper.code_comparison import difference
from digs.paper.latex_numbers import plain
from digs.paper.numbers import Numbers

OLD, YOUNG, DISTANT, FAINT = "NGC 3522", "NGC 3073", "LEGA-C 56670", "DESI 39627866878514741"


def real_spectra(params: Params) -> Numbers:
    """Return by how much masses of several codes differ, and what chi-squared and the evidence say of the histories."""
    product = read_json(paths.DATA / "real_spectra.json")
    found = product["measured"]
    apart = lambda galaxy, code: f"{round(difference(product, galaxy, code, DELAYED), 2) + 0.0:.2f}"
    young, codes = found[YOUNG], found[YOUNG]["codes"]
    low, _, high = found[FAINT]["codes"][PPXF]["percentiles"]["logmass"]
    return {
        "real_old_bagpipes": apart(OLD, BAGPIPES),
        "real_old_ppxf": apart(OLD, PPXF),
        "real_young_bagpipes": apart(YOUNG, BAGPIPES),
        "real_young_ppxf": apart(YOUNG, PPXF),
        "real_young_binned": apart(YOUNG, BINNED),
        "real_young_probability": f"{young['verdicts'][DELAYED]['probability']:.3f}",
        "real_young_gain": plain(codes[DELAYED]["chi_squared"] - codes[PPXF]["chi_squared"], 2),
        "real_young_evidence": plain(young["log_evidence_of_binned"], 2),
        "real_distant_errors": f"{found[DISTANT]['errors']:.2f}",
        "real_distant_bagpipes": apart(DISTANT, BAGPIPES),
        "real_distant_ppxf": apart(DISTANT, PPXF),
        "real_faint_errors": f"{found[FAINT]['errors']:.2f}",
        "real_faint_bagpipes": apart(FAINT, BAGPIPES),
        "real_faint_ppxf": apart(FAINT, PPXF),
        "real_faint_ppxf_error": f"{(high - low) / 2:.2f}",
    }


def other_codes(params: Params) -> Numbers:
    """Return the versions of the codes, and of the package that brings a spectrum."""
    versions = read_json(paths.DATA / "real_spectra.json")["packages"]
    return {f"version_{name}": versions[name] for name in ("bagpipes", "ppxf", "specutils")}


GROUPS = (real_spectra, other_codes)
