"""Networks as files: NAME.safetensors holds the weights, NAME.json all that is needed to build it, and its history."""

import hashlib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from digs.base import paths
from digs.base.errors import DigsError
from digs.base.remedies import remedy
from digs.base.torch_state import building
from digs.config.model import Architecture, PriorRanges
from digs.config.theta import NAMES
from digs.files.atomic import existing, read_json, replacing, unreadable, write_json
from digs.flows.flow import Flow, build_flow
from digs.physics.prior import Prior
from digs.physics.stored_populations import POPULATIONS_FILE, stored_populations

NETWORKS = paths.DATA / "networks"


FORMAT = "digs/network/1"


class NetworkRecord(BaseModel):
    """The contents of NAME.json."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: str
    name: str
    architecture: Architecture
    prior_low: list[float]
    prior_high: list[float]
    wavelength: list[float]
    noise_fraction: float
    weights_sha256: str
    training: dict[str, Any]
    provenance: dict[str, Any]

    @property
    def prior(self) -> PriorRanges:
        """Return the ranges that the network was trained over."""
        return PriorRanges(**dict(zip(NAMES, zip(self.prior_low, self.prior_high, strict=True), strict=True)))


def save_network(folder: Path, name: str, flow: Flow, **record: Any) -> None:
    """Write the two files of a network.

    Args:
        record: the fields of NetworkRecord that the flow does not know.
    """
    with replacing(folder / f"{name}.safetensors") as temporary:
        save_file({key: value.contiguous() for key, value in flow.state_dict().items()}, temporary)
        digest = hashlib.sha256(temporary.read_bytes()).hexdigest()
    content = NetworkRecord(
        format=FORMAT,
        name=name,
        prior_low=flow.prior.low.tolist(),
        prior_high=flow.prior.high.tolist(),
        weights_sha256=digest,
        **record,
    )
    write_json(folder / f"{name}.json", content.model_dump())


def load_record(name: str, folder: Path | str = NETWORKS) -> NetworkRecord:
    """Return the description of a network.

    Args:
        name: of the network.
        folder: where its two files are.
    Raises:
        DigsError: there is no such network, or its file is damaged.
    """
    folder = Path(folder)
    path = folder / f"{name}.json"
    if not path.is_file():
        known = sorted(file.stem for file in folder.glob("*.json"))
        none = remedy("fetch them with `dvc pull`") if folder == NETWORKS else "it holds none at all"
        choice = f"choose from: {', '.join(known)}" if known else none
        raise DigsError(f"There is no network '{name}' in {paths.shown(folder)}; {choice}.")
    try:
        record = NetworkRecord(**read_json(path))
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        advice = remedy("fetch it again with `dvc checkout`")
        raise DigsError(f"{paths.shown(path)} is damaged at '{where}'; {advice}.") from None
    if record.format != FORMAT:
        raise DigsError(f"{paths.shown(path)} is of format '{record.format}', not '{FORMAT}'; retrain the network.")
    return record


def _check_populations(record: NetworkRecord) -> None:
    """That the populations are those that a network with mass and dust in closed form was trained with."""
    trained_with = record.provenance.get("sps_fingerprint")
    if not record.architecture.marginal:
        return
    if trained_with != stored_populations().fingerprint:
        raise DigsError(
            f"Network '{record.name}' was trained with other SPS data than those of {paths.shown(POPULATIONS_FILE)}; "
            f"{remedy(f'train it again with `dvc repro flow_{record.name}`')}."
        )


def load_flow(name: str, folder: Path | str = NETWORKS) -> tuple[Flow, NetworkRecord]:
    """Return a trained network, ready to compute, and its description.

    Args:
        name: of the network.
        folder: where its two files are, NAME.json and NAME.safetensors.
    Raises:
        DigsError: there is no such network, one of its files is missing or damaged, or it belongs to other populations.

    Example:
        >>> from digs.flows import load_flow
        >>> flow, record = load_flow("fiducial")
        >>> record.noise_fraction, len(record.wavelength)
        (0.05, 138)
    """
    record = load_record(name, folder)
    _check_populations(record)
    path = Path(folder) / f"{name}.safetensors"
    shown, advice = paths.shown(path), remedy("fetch it again with `dvc checkout` or `dvc pull`")
    try:
        digest = hashlib.sha256(existing(path).read_bytes()).hexdigest()
    except OSError as error:
        raise unreadable(path, error) from None
    if digest != record.weights_sha256:
        raise DigsError(f"{shown} is damaged or not the weights that {name}.json describes; {advice}.")
    try:
        with building():
            prior = Prior(record.prior_low, record.prior_high)
            flow = build_flow(record.architecture, prior, len(record.wavelength), record.noise_fraction)
            flow.load_state_dict(load_file(path))
    except NotImplementedError:
        estimator = record.architecture.density_estimator
        raise DigsError(f"{name}.json asks for the unknown density estimator '{estimator}'; {advice}.") from None
    except (SafetensorError, RuntimeError):
        raise DigsError(f"{shown} does not fit the architecture in {name}.json; {advice}.") from None
    return flow.eval().requires_grad_(False), record
