"""Data products as dvc.lock has them, whether they lie in the tree or in a store."""

from pathlib import Path

from digs.base.errors import DigsError
from digs.files.product import Product, Schema, read_product
from digs.provenance.pipeline import Pipeline


def stored_file(pipeline: Pipeline, file: str) -> Path:
    """Return where a data product lies that has the hash of dvc.lock.

    Raises:
        DigsError: it lies nowhere.
    """
    path = pipeline.stored(file)
    if path is None:
        raise DigsError(f"{file} is missing or not the one that dvc.lock names; fetch it with `dvc checkout`.")
    return path


def read_stored(pipeline: Pipeline, file: str, schema: Schema) -> Product:
    """Read a data product that has the hash of dvc.lock.

    Raises:
        DigsError: it lies nowhere, or does not fit the schema.
    """
    return read_product(stored_file(pipeline, file), schema)
