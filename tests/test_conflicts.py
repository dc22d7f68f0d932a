"""Values that are wrong together stop a run before anything loads."""

import pytest
import yaml

from schemas.table import RatchetError
from stages.check import check_values, sections
from stages.conflicts import CONFLICTS
from tests.contract import params

JUDGE = "params.yaml: label.by=judge needs a server to ask: set judge.url and judge.model"
SERVER = "judge.url=http://localhost:8000/v1"
REFUSED = [
    (["label.by=judge"], JUDGE),
    (["label.by=judge", SERVER], JUDGE),
    (["label.by=judge", "judge.model=some"], JUDGE),
]
ALLOWED = [
    ["label.by=judge", "judge.model=some", SERVER],
    ["label.by=rollouts"],
    ["label.by=oracle"],
]


@pytest.mark.parametrize(("overrides", "message"), REFUSED)
def test_what_is_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(RatchetError) as error:
        check_values(yaml.safe_load(params(*overrides)), sections())
    assert str(error.value) == message


@pytest.mark.parametrize("overrides", ALLOWED)
def test_what_is_allowed(overrides: list[str]) -> None:
    check_values(yaml.safe_load(params(*overrides)), sections())


def test_every_conflict_is_in_the_table() -> None:
    assert {f"params.yaml: {message}" for _, message in CONFLICTS} == {m for _, m in REFUSED}
