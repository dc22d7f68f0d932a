"""The review: whose answers are looked at, and settings that are refused."""

import re
from pathlib import Path

import polars as pl
import pytest

from schemas.errors import RatchetError
from stages.check import check_values
from stages.contract.dvc_files import parameter_values
from stages.contract.stage_list import sections
from stages.review import choose_answers
from tests.fakes.reviewed_answers import answers, reviewed

pytestmark = pytest.mark.usefixtures("run_folder")


def test_by_default_nobody_is_asked(run_folder: Path) -> None:
    assert all(frame.is_empty() for frame in reviewed(run_folder).values())


def test_a_limit_takes_the_same_problems_of_every_model() -> None:
    names = [choose_answers(answers(model), 2)["problem_id"].to_list() for model in ("M0", "M1")]
    assert names[0] == names[1] and len(names[0]) == 2
    two = pl.concat([answers("M0"), answers("M0").with_columns(suite=pl.lit("other"))])
    assert choose_answers(two, 3).group_by("suite").len().sort("suite")["len"].to_list() == [3, 3]
    assert choose_answers(answers("M0"), None).height == 4


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        (["review.reviewer=critic"], "need a critic: set critic.url and critic.model"),
        (["review.duel_with=first"], "need a critic: set critic.url and critic.model"),
        (
            ["review.duel_with=first", "critic.provider=simulator"],
            "critic.provider=simulator needs a simulator",
        ),
        (["recipe=rft", "review.reviewer=verifier"], "review.reviewer=verifier needs a verifier"),
        (["review.reviewer=verifier", "evaluate.greedy=false"], "needs greedy answers"),
    ],
)
def test_settings_at_odds_are_refused(overrides: list[str], reason: str) -> None:
    with pytest.raises(RatchetError, match=re.escape(reason)):
        check_values(parameter_values(*overrides), sections())
