"""What every other room uses: errors, paths, progress, random streams, statistics, and the closures of scripts."""

from digs.base.lazy import face

__all__, __getattr__, __dir__ = face(
    __name__,
    {
        "DigsError": "errors",
    },
)
