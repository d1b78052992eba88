"""Studies of params.yaml: what a candidate's settings are."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from digs.config.model import Network
from digs.config.params import load_params
from digs.config.stages.study_settings import Studies

STUDIES = list(load_params(Studies).studies.root)


def leaves(settings: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Nested settings as pairs of a path and a value."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*above, key))
        else:
            yield (*above, key), value


@pytest.mark.parametrize("name", STUDIES)
def test_a_candidate_differs_from_its_recipe_in_what_the_study_says(name):
    params = load_params(Studies)
    settings = params.studies.named(name)
    recipe = dict(leaves(params.network(settings.network).model_dump(exclude_none=True)))
    found = params.studies.candidates(name, params)
    assert list(found) == list(settings.candidates)
    for candidate, network in found.items():
        assert isinstance(network, Network)
        told = {**dict(leaves(settings.common)), **dict(leaves(settings.candidates[candidate]))}
        assert {**recipe, **told}.items() <= dict(leaves(network.model_dump())).items()
        assert dict(leaves(network.model_dump(exclude_defaults=True))).keys() <= recipe.keys() | told.keys()


@pytest.mark.parametrize("name", STUDIES)
def test_no_two_candidates_of_a_study_are_the_same(name):
    """Else two processes would write the same files."""
    params = load_params(Studies)
    settings = [network.model_dump_json() for network in params.studies.candidates(name, params).values()]
    assert len(set(settings)) == len(settings)
