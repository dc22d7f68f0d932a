"""How `ratchet trace` shows a life: fields, tables, and steps coloured by how right they seem."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from stages.explore.trace.life import Life, Row
from stages.explore.trace.review_lines import review
from stages.explore.trace.step_lines import RIGHT, WRONG, correction, steps
from stages.explore.trace.training_blocks import example_fields, pair_fields
from stages.results.terminal import filled_columns_table, grid, percent, plain_text


def render(life: Life, kind: str, name: str) -> Iterator[RenderableType]:
    """What to print, in order: the problem, the requested item, what later iterations did."""
    yield from problem(life.problem, with_rationale=kind == "problem")
    if kind == "problem":
        yield from all_paths(life)
        yield from history(life, 0)
        yield from review(life, 0)
        return
    shown = {
        "sample": (life.samples, sample_blocks),
        "path": (life.paths, path_blocks),
        "rollout": (life.rollouts, rollout_blocks),
        "pair": (life.pairs, pair_blocks),
        "example": (life.examples, example_blocks),
    }
    rows, show = shown[kind]
    same = [row for row in rows if row[f"{kind}_id"] == name]
    for row in same:
        yield from show(life, row)
    since = min(row["iteration"] for row in same)
    yield from history(life, since)
    yield from review(life, since)


def problem(row: Row, with_rationale: bool) -> Iterator[RenderableType]:
    """Question and reference; also the gold rationale if `with_rationale`."""
    level = "" if row["level"] is None else f" · level {row['level']}"
    yield heading(f"problem {row['problem_id']}", f"{row['source']} · {row['split']}{level}")
    fields = [("question", row["question"]), ("reference", row["answer"])]
    if with_rationale and row["rationale"]:
        fields.append(("rationale", "".join(row["rationale"])))
    yield grid([*fields, ("prompt", row["prompt"])])


def sample_blocks(life: Life, row: Row) -> Iterator[RenderableType]:
    """How a sample was drawn and graded, then its path, or its bare text if it has none."""
    drawn = f"{row['strategy']}, attempt {row['attempt']}, draw {row['draw']}, seed {row['seed']}"
    yield heading(f"sample {row['sample_id']}", f"iteration {row['iteration']} · {drawn}")
    fields = engine_fields(row)
    if row["hint"] is not None:
        fields += [
            ("hint", row["hint"]),
            ("revealed", f"{percent(row['revealed'])} of the rationale"),
        ]
    if row["parent"]:
        fields.append(("revises", row["parent"]))
    yield grid([*fields, ("verdict", verdict(row))])
    path = life.path_of(row)
    if path is None:
        yield grid([("text", row["text"]), ("path", "none: no path was made of this sample")])
    else:
        yield from path_blocks(life, path)


def rollout_blocks(life: Life, row: Row) -> Iterator[RenderableType]:
    """Where a kept rollout starts, what it wrote, and the training rows it entered."""
    drawn = f"draw {row['draw']}, seed {row['seed']}"
    yield heading(f"rollout {row['rollout_id']}", f"iteration {row['iteration']} · {drawn}")
    fields = [
        ("starts after", f"step {row['step']} of path {row['path_id']}"),
        *engine_fields(row),
        ("verdict", f"correct: found {row['extracted']}, {row['grader']}"),
        ("prefix", row["prefix"]),
        ("continuation", row["text"].removeprefix(row["prefix"])),
    ]
    yield grid(fields)
    yield from entries(life, row["rollout_id"])


def pair_blocks(life: Life, row: Row) -> Iterator[RenderableType]:
    """A pair that trained a model."""
    yield heading(f"pair {row['pair_id']}", f"made in iteration {row['made_in']}")
    yield from pair_fields(row)


def example_blocks(life: Life, row: Row) -> Iterator[RenderableType]:
    """An unpaired row that trained a model."""
    yield heading(f"example {row['example_id']}", f"made in iteration {row['made_in']}")
    yield from example_fields(row)


def engine_fields(row: Row) -> list[tuple[str, str]]:
    """The model that drew a text, and the text's length."""
    logprob = "" if row["logprob"] is None else f", log-probability {row['logprob']:.2f} nats"
    return [
        ("drawn by", f"{row['engine']}, model {row['model_digest'][:12]}"),
        ("length", f"{row['n_tokens']} tokens, {row['finish']}{logprob}"),
    ]


def verdict(row: Row) -> Text:
    """Outcome, extracted answer and grader."""
    if row["outcome"] is None:
        return Text("not graded")
    text = Text(row["outcome"], RIGHT if row["outcome"] == "correct" else WRONG)
    detail = f" ({plain_text(row['detail'])})" if row["detail"] else ""
    return text.append(
        f": found {plain_text(row['extracted'])}{detail}, {row['grader']}", "default"
    )


def path_blocks(life: Life, path: Row) -> Iterator[RenderableType]:
    """The path's standing, its steps one by one, and the training rows it entered."""
    outcome = "correct" if path["correct"] else "wrong"
    yield heading(f"path {path['path_id']}", f"iteration {path['iteration']} · {outcome}")
    others = [other for other in life.paths if other["iteration"] == path["iteration"]]
    same = [other["path_id"] for other in others if other["duplicate_of"] == path["path_id"]]
    standing = "kept" if path["kept"] else f"duplicate of {path['duplicate_of']}"
    fields = [("standing", standing), ("samples", ", ".join(path["sample_ids"]))]
    if same:
        fields.append(("duplicates", ", ".join(same)))
    if path["reward"] is not None:
        lowest = f"lowest step {path['reward_min']:.3f}"
        fields.append(("reward", f"{path['reward']:.3f} mean step probability, {lowest}"))
    yield grid(fields)
    yield steps(path, life.labels_and_scores_of(path))
    if resampled := life.correction_of(path):
        yield grid([("corrected", correction(resampled))])
    if kept := [row["rollout_id"] for row in life.rollouts_of(path)]:
        yield grid([("rollouts", ", ".join(kept))])
    yield from entries(life, path["path_id"])


def entries(life: Life, name: str) -> Iterator[RenderableType]:
    """The training rows of a path or rollout."""
    rows = life.training_of(name)
    yield from training_rows(rows)
    if not rows:
        yield Text("  not in any training row", "dim")


def training_rows(rows: list[Row]) -> Iterator[RenderableType]:
    """Pairs and examples, with the iterations whose models they train."""
    cells = [
        (role_text(row), row["partner"], row["margin"], row["made_in"], row["trains"])
        for row in rows
    ]
    if cells:
        heads = ["entered as", "against", "margin", "made in iteration", "trains iterations"]
        yield filled_columns_table(heads, cells, "training rows that hold it")


def role_text(row: Row) -> str:
    """The role of a path in a training row; in a pair of steps, with the step's number."""
    return row["role"] if row["step"] is None else f"{row['role']} step {row['step']}"


def all_paths(life: Life) -> Iterator[RenderableType]:
    """A row for each path of the problem in each iteration."""
    cells = [
        (
            path["iteration"],
            path["path_id"],
            len(path["sample_ids"]),
            Text("correct", RIGHT) if path["correct"] else Text("wrong", WRONG),
            "kept" if path["kept"] else f"duplicate of {path['duplicate_of']}",
            path["reward"],
            ", ".join(dict.fromkeys(role_text(row) for row in life.training_of(path["path_id"]))),
        )
        for path in life.paths
    ]
    if cells:
        heads = ["iteration", "path", "samples", "verdict", "standing", "reward", "entered as"]
        yield filled_columns_table(heads, cells, "its paths")


def history(life: Life, since: int) -> Iterator[RenderableType]:
    """What the iterations from `since` on drew, trained on and answered."""
    cells = [
        (
            row["iteration"],
            _share(row["n_correct"], row["n_drawn"]),
            {True: "in the tail", False: "out of it", None: None}[row["tail_after"]],
            row["n_pairs"],
            row["n_examples"],
            _greedy_answer(row),
            _share(row["vote_correct"], row["vote_drawn"]),
        )
        for row in life.history
        if row["iteration"] >= since
    ]
    if cells:
        heads = ["iteration", "right draws", "tail", "pairs", "examples", "greedy", "votes right"]
        yield filled_columns_table(heads, cells, f"the problem from iteration {since} on")


def heading(name: str, about: str) -> Text:
    """A heading line: name in bold, details dimmed."""
    return Text.assemble("\n", (plain_text(name), "bold"), ("  " + plain_text(about), "dim"))


def _share(count: int | None, total: int | None) -> str | None:
    return None if total is None else f"{count} of {total}"


def _greedy_answer(row: Row) -> str | None:
    if row["greedy_correct"] is None:
        return None
    return f"{'correct' if row['greedy_correct'] else 'wrong'}: {plain_text(row['greedy_answer'])}"
