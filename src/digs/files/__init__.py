"""Files: written whole or not at all, described by schemas, and work that is taken up where it was left."""

from digs.base.lazy import face

__all__, __getattr__, __dir__ = face(
    __name__,
    {
        "Field": "product",
        "Product": "product",
        "Schema": "product",
        "read_product": "product",
        "write_product": "product",
    },
)
