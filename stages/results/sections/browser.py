"""The browser: some paths to read, step by step."""

from dataclasses import dataclass
from typing import Any

from stages.results import queries
from stages.results.sections.section import level_name

N_PATHS = 60  # paths, over all levels, verdicts and strategies


@dataclass(frozen=True)
class Step:
    """A step's text, its CSS classes (v0…v4 verifier, l0/l1 label, t0/t1 truth) and remarks."""

    text: str
    classes: str
    remarks: str


@dataclass(frozen=True)
class Card:
    """A path as the browser shows it."""

    level: str
    verdict: str
    strategy: str
    about: str
    path_id: str
    question: str
    reference: str
    extracted: str
    steps: list[Step]


@dataclass(frozen=True)
class Browser:
    """The cards, and what to filter and colour them by; the first colouring is the default."""

    cards: list[Card]
    levels: list[str]
    verdicts: list[str]
    strategies: list[str]
    colourings: list[str]


def browse(connection: Any) -> Browser | None:
    """Some of the paths; None if there are none."""
    rows = queries.ask(connection, "browser", n_paths=N_PATHS)
    if not rows:
        return None
    cards = [_card(row) for row in rows]
    columns = {"verifier": "probabilities", "label": "labels", "truth": "truth"}
    colourings = [name for name, column in columns.items() if any(row[column] for row in rows)]
    return Browser(
        cards,
        list(dict.fromkeys(card.level for card in cards)),
        sorted({card.verdict for card in cards}),
        sorted({card.strategy for card in cards}),
        colourings,
    )


def _card(row: dict[str, Any]) -> Card:
    strategy = row["strategy"] or "unknown strategy"
    about = [f"iteration {row['iteration']}", strategy]
    if row["reward"] is not None:
        about.append(f"reward {row['reward']:.2f}")
    if len(row["sample_ids"]) > 1:
        about.append(f"{len(row['sample_ids'])} samples")
    if not row["kept"]:
        about.append("duplicate")
    steps = [_step(row, number, text) for number, text in enumerate(row["steps"])]
    verdict = row["outcome"] or "ungraded"
    return Card(
        level_name(row["level"]), verdict, strategy, " · ".join(about), row["path_id"],
        row["question"], row["answer"], row["extracted"] or "none", steps,
    )  # fmt: skip


def _step(row: dict[str, Any], number: int, text: str) -> Step:
    """A step's text with its scores, label and truth."""
    classes, remarks = [], []
    chance = (row["probabilities"] or {}).get(number)
    if chance is not None:
        classes.append(f"v{min(4, int(5 * chance))}")
        remarks.append(f"p {chance:.2f}")
    label = (row["labels"] or {}).get(number)
    if label is not None:
        classes.append(f"l{int(label['label'])}")
        remarks += [f"{label['c']}/{label['n']}"] if label["n"] else []
        remarks += ["inferred"] if label["stop"] == "inferred" else []
    if row["truth"]:
        classes.append(f"t{int(row['truth'][number])}")
        remarks.append("sound" if row["truth"][number] else "unsound")
    return Step(text.rstrip("\n"), " ".join(classes), " · ".join(remarks))
