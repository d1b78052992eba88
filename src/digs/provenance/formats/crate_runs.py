"""The runs on record as actions of a crate: what ran, with which parameters, on what, and what came out.

A stage without a record has no action. Its products are named with their hashes, by which dvc.lock knows them.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from digs.base.errors import DigsError
from digs.provenance.audit import Project
from digs.provenance.documents import leaves
from digs.provenance.formats.payload import StoredProduct, media_type
from digs.provenance.pipeline import Stage
from digs.provenance.records import RunRecord
from digs.provenance.standing import Judgement, Standing

_COMPLETED = "http://schema.org/CompletedActionStatus"
_SECONDS = "SEC"  # the unit's code of UN/CEFACT
_TYPES = {bool: "Boolean", int: "Integer", float: "Float", str: "Text"}


class RunEntities:
    """Puts parameters, products and runs into a crate, each once.

    Args:
        agent: who ran.
    """

    def __init__(
        self, crate: ROCrate, project: Project, products: dict[str, StoredProduct], agent: ContextEntity
    ) -> None:
        self.crate, self.project, self.products, self.agent = crate, project, products, agent

    def context(self, identifier: str, kind: str, /, **properties: Any) -> ContextEntity:
        """Return a contextual entity, which is made where there is none of that name yet."""
        known = self.crate.get(identifier)
        return known or self.crate.add(
            ContextEntity(self.crate, identifier, {"@type": kind, **{k: v for k, v in properties.items() if v != ""}})
        )

    # parameters and products

    def parameter(self, name: str, value: Any) -> ContextEntity:
        """Return a value of params.yaml by its dotted name, with its formal parameter."""
        text = value if isinstance(value, str) else json.dumps(value)
        formal = self.context(
            f"#parameter-{quote(name)}",
            "FormalParameter",
            name=name,
            additionalType=_TYPES.get(type(value), "Text"),
            valueRequired=True,
        )
        return self.context(
            f"#value-{quote(name)}={quote(text, safe='')}", "PropertyValue", name=name, value=text, exampleOfWork=formal
        )

    def parameters(self, values: Mapping[str, Any]) -> list[ContextEntity]:
        """Return all values of parameters of a stage."""
        found = [leaf for name, value in values.items() for leaf in leaves(name, value)]
        return [self.parameter(name, value) for name, value in found]

    def slot(self, file: str) -> ContextEntity:
        """Return the formal parameter that a data product fills."""
        return self.context(
            f"#product-{quote(file)}",
            "FormalParameter",
            name=file,
            additionalType="File",
            encodingFormat=media_type(file),
        )

    def product(self, file: str, md5: str | None = None) -> ContextEntity:
        """Return a data product with a hash, or with that of dvc.lock.

        One that is not in the payload is no file of the crate: its entity says its hash, and where to get it.
        """
        stored = self.products.get(file)
        if stored is None or (md5 and md5 != stored.md5):
            return self.context(
                f"#{quote(file)}@{md5}",
                "CreativeWork",
                name=file,
                md5=md5,
                description="A run on record made or read this; dvc.lock has another now.",
            )
        about = f"Data product of stage {self.project.pipeline.maker(file).name}"
        facts = {"name": file, "md5": stored.md5, "encodingFormat": media_type(file)}
        if stored.size is not None:
            facts["contentSize"] = str(stored.size)
        if not stored.included:
            how = "Not in this crate: in a clone, `dvc pull` fetches it by its hash from the store data-store."
            return self.context(f"#{quote(file)}", "CreativeWork", description=f"{about}. {how}", **facts)
        facts |= {"description": about, "exampleOfWork": self.slot(file)}
        return self.crate.get(file) or self.crate.add_file(stored.kept, file, properties=facts)

    # runs

    def run(self, stage: Stage, judgement: Judgement, step: ContextEntity) -> ContextEntity:
        """Return the action of the recorded run of a stage, and say of which step it was."""
        record = judgement.record
        start, end = times(record)
        said = [f"`{record.command}`, code {record.code}", f"commit {record.circumstances.get('commit', 'unknown')}"]
        if judgement.standing is Standing.VOUCHED:
            said.append(f"vouched for since: {judgement.voucher.reason}")
        said += [f"stale: {reason}" for reason in judgement.reasons]
        action = self.context(
            f"#run-{stage.name}",
            "CreateAction",
            name=f"Run of stage {stage.name}",
            description="; ".join(said),
            startTime=start,
            endTime=end,
            actionStatus=_COMPLETED,
            agent=self.agent,
            instrument=step["workExample"],
            object=[
                *(self.product(file, md5) for file, md5 in record.inputs.items()),
                *self.parameters(record.parameters),
            ],
            result=[self.product(file, md5) for file, md5 in record.outputs.items()],
            resourceUsage=self._usage(stage, record),
            additionalProperty=self._circumstances(record),
        )
        self.context(
            f"#control-{stage.name}",
            "ControlAction",
            name=f"Step {stage.name}",
            instrument=step,
            object=action,
            actionStatus=_COMPLETED,
        )
        return action

    def _usage(self, stage: Stage, record: RunRecord) -> list[ContextEntity]:
        """The seconds that a run took."""
        return [
            self.context(
                f"#{name}-{stage.name}",
                "PropertyValue",
                name=name,
                propertyID=name,
                value=str(record.circumstances[name]),
                unitCode=_SECONDS,
            )
            for name in ("wall_seconds", "cpu_seconds")
            if name in record.circumstances
        ]

    def _circumstances(self, record: RunRecord) -> list[ContextEntity]:
        """Machine, kernels, system and versions of packages of a run."""
        where = record.circumstances
        wanted = {name: where[name] for name in ("machine", "blas", "system", "tree", "versions") if name in where}
        found = [leaf for name, value in wanted.items() for leaf in leaves(name, value)]
        texts = {name: ", ".join(value) if isinstance(value, list) else str(value) for name, value in found}
        return [
            self.context(f"#{quote(name)}={quote(text, safe='')}", "PropertyValue", name=name, value=text)
            for name, text in texts.items()
        ]


def times(record: RunRecord) -> tuple[str, str]:
    """Return when a run on record started and ended.

    Raises:
        DigsError: the record does not say.
    """
    where = record.circumstances
    try:
        start = datetime.fromisoformat(where["date"])
        end = start + timedelta(seconds=where["wall_seconds"])
    except (KeyError, TypeError, ValueError):
        raise DigsError(
            f"records/{record.stage}.json does not say when the run was and how long it took; "
            f"restore it with `git checkout records/{record.stage}.json`."
        ) from None
    return start.isoformat(timespec="seconds"), end.isoformat(timespec="milliseconds")
