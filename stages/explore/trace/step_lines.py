"""The steps of a path in `ratchet trace`, with their labels, coloured by how right they seem."""

from rich.text import Text

from stages.explore.trace.life import Row
from stages.results.fitting_table import FittingTable
from stages.results.terminal import filled_columns_table, plain_text

RIGHT, UNSURE, WRONG = (
    "bright_blue",
    "yellow",
    "dark_orange",
)  # no red beside green


def steps(path: Row, labels_and_scores: dict[int, Row]) -> FittingTable:
    """Each step with its label, probability, truth and reflection."""
    rows = []
    for number, text in enumerate(path["steps"]):
        of_step = labels_and_scores.get(number, {})
        truth = path["truth"][number] if path["truth"] else None
        chance, label = of_step.get("probability"), of_step.get("label")
        rows.append((
            number,
            Text(plain_text(text.rstrip("\n")), colour(chance, label, truth)),
            None if label is None else label_text(of_step),
            None if chance is None else f"{chance:.3f}",
            {True: "sound", False: "unsound", None: None}[truth],
            of_step.get("reflection"),
        ))  # fmt: skip
    heads = ["step", "text", "label", "verifier", "truth", "reflection"]
    return filled_columns_table(heads, rows)


def label_text(row: Row) -> str:
    """A label: how many rollouts were right, the labeler, and other evidence."""
    counted = f"{row['n_correct']}/{row['n_rollouts']} " if row["n_rollouts"] else ""
    known = f", {row['n_evidence']} right elsewhere" if row["n_evidence"] else ""
    inferred = ", inferred" if row["stop"] == "inferred" else ""
    return f"{counted}{'right' if row['label'] else 'wrong'} ({row['labeler']}{known}{inferred})"


def correction(row: Row) -> str:
    """The replacement of the first wrong step, and how many continuations it took."""
    step, tries = row["step"], row["n_tries"]
    if row["correction"] is None:
        return f"step {step}: none of {tries} continuations was right"
    return f"step {step}: {row['correction'].strip()} (try {tries}, {row['correction_id']})"


def colour(chance: float | None, label: bool | None, truth: bool | None) -> str:
    """By the verifier's probability if there is one, else by the label, else by the truth."""
    if chance is not None:
        return RIGHT if chance >= 0.67 else UNSURE if chance >= 0.33 else WRONG
    is_right = truth if label is None else label
    return "default" if is_right is None else RIGHT if is_right else WRONG
