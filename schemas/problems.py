"""problems: what is asked."""

import dataframely as dy
import polars as pl

from schemas.table import Table

KINDS = ["math", "choice", "code", "stdin", "program"]


class Problems(Table):
    """One row per problem, for training or for an evaluation suite."""

    noun = "problems"

    problem_id = dy.String(primary_key=True, min_length=1)
    source = dy.String(
        min_length=1, description="training set or evaluation suite; or the task's name"
    )
    split = dy.Enum(
        ["train", "dev", "test"],
        description="dev: held out of training, to choose checkpoints by (section select)",
    )
    domain = dy.Enum(
        ["in", "out"],
        nullable=True,
        description="of an evaluation suite: whether such problems are trained on",
    )
    form_of = dy.String(
        nullable=True, description="id that the forms of one problem share; null if it has one form"
    )
    kind = dy.Enum(KINDS, description="how an answer is graded")
    question = dy.String(min_length=1)
    prompt = dy.String(min_length=1, description="the question as the model sees it")
    answer = dy.String(
        min_length=1, description="the reference answer; for code and stdin, the reference program"
    )
    options = dy.List(dy.String(), description="the options of a choice, A first")
    rationale = dy.List(dy.String(), description="gold steps; their concatenation is the text")
    demonstrated = dy.Bool(
        description="its rationale is in D0, the rows that train the first model"
    )
    tests = dy.List(
        dy.String(),
        description="unit tests of a code problem; of stdin, each an input and its output as JSON",
    )
    given = dy.String(description="Python code put before every solution of a code problem")
    level = dy.Int16(nullable=True, min=0, description="difficulty, 1 is easiest")
    subject = dy.String(nullable=True)

    @dy.rule()
    def demonstrated_has_rationale(cls) -> pl.Expr:
        return ~pl.col("demonstrated") | (pl.col("rationale").list.len() > 0)

    @dy.rule()
    def only_suites_have_a_domain(cls) -> pl.Expr:
        return pl.col("domain").is_null() | (pl.col("split") == "test")

    @dy.rule()
    def only_training_is_demonstrated(cls) -> pl.Expr:
        return ~pl.col("demonstrated") | (pl.col("split") == "train")
