"""Where everything has its page: addresses relative to the root of the site."""

from pathlib import PurePosixPath

START, PAPER, CLAIMS, AUDITS, EXPLORER = "index.html", "paper.html", "claims.html", "audits.html", "explorer.html"


def paper_place(anchor: str) -> str:
    """Return the place of an anchor in the paper.

    Example:
        >>> paper_place("sec:noise")
        'paper.html#sec:noise'
    """
    return f"{PAPER}#{anchor}"


def exhibit_page(name: str) -> str:
    """Return the page of a figure or table by the stem of its script.

    Example:
        >>> exhibit_page("fig_corner")
        'exhibits/fig_corner.html'
    """
    return f"exhibits/{name}.html"


def stage_page(name: str) -> str:
    """Return the page of a stage.

    Example:
        >>> stage_page("reference")
        'stages/reference.html'
    """
    return f"stages/{name}.html"


def product_page(file: str) -> str:
    """Return the page of a data product.

    Example:
        >>> product_page("src/data/networks/fiducial.json")
        'products/networks-fiducial.json.html'
    """
    return f"products/{'-'.join(PurePosixPath(file).relative_to('src/data').parts)}.html"


def group_page(group: str) -> str:
    """Return the page of a group of numbers, MODULE.FUNCTION of digs.paper.numbers.

    Example:
        >>> group_page("networks.fiducial")
        'numbers/networks.fiducial.html'
    """
    return f"numbers/{group}.html"


def shown_page(name: str) -> str:
    """Return the page of a figure, a table or a group of numbers.

    Example:
        >>> shown_page("tab_widths"), shown_page("networks.fiducial")
        ('exhibits/tab_widths.html', 'numbers/networks.fiducial.html')
    """
    return group_page(name) if "." in name else exhibit_page(name)


def number_place(number: str, group: str) -> str:
    """Return the place of a number on the page of its group.

    Example:
        >>> number_place("fiducial_npe_ms", "inference_costs.cost")
        'numbers/inference_costs.cost.html#fiducial_npe_ms'
    """
    return f"{group_page(group)}#{number}"


def claim_page(place: int) -> str:
    """Return the page of a claim of the original by its place in the table of claims, from 1.

    Example:
        >>> claim_page(3)
        'claims/claim-3.html'
    """
    return f"claims/claim-{place}.html"


def picture(name: str) -> str:
    """Return the drawing of a figure.

    Example:
        >>> picture("fig_corner")
        'pictures/corner.svg'
    """
    return f"pictures/{name.removeprefix('fig_')}.svg"


def upward(address: str) -> str:
    """Return what leads from a page to the root of the site.

    Example:
        >>> upward("stages/reference.html"), upward("index.html")
        ('../', '')
    """
    return "../" * address.count("/")
