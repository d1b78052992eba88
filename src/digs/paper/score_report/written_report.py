"""The report of an entry's scores, as files."""

from pathlib import Path

from digs.diagnostics.scores.scoring import Scores
from digs.files.atomic import write_json, write_text
from digs.paper.score_report.score_figure import draw_scores
from digs.paper.score_report.score_folder import FIGURE_PDF, FIGURE_PNG, NUMBERS, PAGE
from digs.paper.score_report.score_page import page


def write_report(scores: Scores, folder: Path) -> None:
    """Write numbers, figure and page into an empty folder."""
    write_json(folder / NUMBERS, scores.to_json())
    draw_scores(scores, [folder / FIGURE_PDF, folder / FIGURE_PNG])
    write_text(folder / PAGE, page(scores, (folder / FIGURE_PNG).read_bytes()))
