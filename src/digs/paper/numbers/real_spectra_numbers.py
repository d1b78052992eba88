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
    """Return by how much masses of several codes differ, and what the spectra ask of their errors."""
    found = read_json(paths.DATA / "real_spectra.json")
    apart = lambda *names: f"{difference(found, *names):.2f}"
    chi_squared = found["measured"][YOUNG]["codes"]
    ratio = chi_squared[DELAYED]["chi_squared"] / chi_squared[PPXF]["chi_squared"]
    return {
        "real_old_ppxf": apart(OLD, PPXF, DELAYED),
        "real_old_bagpipes": apart(OLD, BAGPIPES, DELAYED),
        "real_young_ppxf": apart(YOUNG, PPXF, DELAYED),
        "real_young_binned": apart(YOUNG, PPXF, BINNED),
        "real_young_chi_squared": plain(ratio, 2),
        "real_distant_errors": plain(found["measured"][DISTANT]["errors"], 3),
        "real_distant_ppxf": apart(DISTANT, PPXF, DELAYED),
        "real_faint_ppxf": apart(FAINT, PPXF, DELAYED),
    }


GROUPS = (real_spectra,)
