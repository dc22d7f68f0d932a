"""The statistics of `stats` in pandas, as one would write them for tables that fit in memory."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

PLAIN = ["unguided", "imported"]
BEGUN = ["state_reset", "adaptive"]
TOLD = ["rationale"]
TAIL = 0.8


def read(noun: str, *columns: str) -> Any:
    """The files of a table of iteration 1 as a frame."""
    top = Path("data", noun)
    files = sorted((top if noun == "problems" else top / "iteration=1").rglob("*.parquet"))
    return pd.concat([pd.read_parquet(file, columns=list(columns)) for file in files])


def graded() -> Any:
    """Each sample with its verdict, and what its text is counted for."""
    columns = ["sample_id", "problem_id", "strategy", "hint", "revealed", "text", "n_tokens"]
    samples = read("samples", *columns)
    rows = samples.merge(read("verdicts", "sample_id", "outcome"), on="sample_id")
    rows["correct"] = rows["outcome"] == "correct"
    rows["plain"] = rows["strategy"].isin(PLAIN)
    rows["n_characters"] = rows["text"].str.len()
    rows["leakage"] = 0.0
    for strategies, share in ((BEGUN, begun), (TOLD, told)):
        hinted = rows["strategy"].isin(strategies)
        texts = zip(rows.loc[hinted, "text"], rows.loc[hinted, "hint"], strict=True)
        rows.loc[hinted, "leakage"] = [share(text, hint) for text, hint in texts]
    rows.loc[rows["strategy"] == "answer", "leakage"] = None
    return rows.drop(columns=["text", "hint", "outcome"])


def begun(text: str, hint: str) -> float:
    """The share of the text's characters that its beginning, the hint, has."""
    return len(hint) / len(text) if text.startswith(hint) else 0.0


def told(text: str, hint: str) -> float:
    """The share of the text's characters in lines that the hint has too."""
    hints = {line.strip() for line in hint.split("\n")}
    lines = text.split("\n")
    return sum(len(line) for line in lines if line.strip() in hints) / sum(map(len, lines))


def drawn(rows: Any, problems: Any) -> Any:
    """Counts by problem, with its level."""
    counts = rows.groupby("problem_id").agg(
        n_drawn=("correct", "size"), n_correct=("correct", "sum"), n_tokens=("n_tokens", "sum")
    )
    plain = rows[rows["plain"]].groupby("problem_id")["correct"].agg(["size", "sum"])
    counts["n_plain"], counts["n_plain_correct"] = plain["size"], plain["sum"]
    return counts.join(problems.set_index("problem_id"))


def coverage(counts: Any) -> Any:
    """Rows of `coverage`; each problem was drawn for before too."""
    before = pd.read_parquet("data/coverage/iteration=0").set_index("problem_id")
    rate = counts["n_correct"] / counts["n_drawn"]
    plain = counts["n_plain_correct"] / counts["n_plain"]
    return counts.assign(
        solve_rate=rate,
        tail_before=plain.fillna(0) < 0.5,
        tail_after=rate < 0.5,
        solved_ever=(counts["n_correct"] > 0) | before["solved_ever"],
    )


def solve_rates(counts: Any) -> Any:
    """Problems by moment, level and tenth."""
    made = []
    for moment, n, right in (
        ("before", "n_plain", "n_plain_correct"),
        ("after", "n_drawn", "n_correct"),
    ):
        some = counts[counts[n] > 0]
        bins = (10 * some[right] // some[n]).clip(upper=9)
        sizes = some.groupby(["level", bins.rename("bin")]).size()
        made.append(sizes.rename("n_problems").reset_index().assign(moment=moment))
    return pd.concat(made)


def strategies(rows: Any, paths: Any, problems: Any) -> Any:
    """What each strategy cost and brought."""
    taken = paths[paths["correct"]].merge(labelled(), on="path_id", how="left")
    taken["n_steps"] = taken["steps"].map(len)
    known = taken["truth"].notna()
    taken.loc[taken["n_labels"] != taken["n_steps"], "sound"] = None
    taken.loc[known, "sound"] = taken.loc[known, "truth"].map(all)
    taken = taken[["sample_ids", "n_steps", "sound"]].explode("sample_ids")
    right = rows.loc[rows["correct"], ["sample_id", "problem_id", "strategy"]]
    right = right.merge(taken, left_on="sample_id", right_on="sample_ids", how="left")
    right = right.merge(problems[["problem_id", "n_gold_steps"]], on="problem_id")
    right["shortcut"] = right["n_steps"] - right["n_gold_steps"]
    right["spurious"] = right["sound"].eq(False)
    of_all, of_right = rows.groupby("strategy"), right.groupby("strategy")
    made = of_all.agg(
        n_problems=("problem_id", "nunique"),
        n_draws=("correct", "size"),
        n_correct=("correct", "sum"),
        n_tokens=("n_tokens", "sum"),
        revealed_mean=("revealed", "mean"),
        leakage_mean=("leakage", "mean"),
    )
    made["n_solved"] = of_right["problem_id"].nunique()
    made["shortcut_mean"] = of_right["shortcut"].mean()
    made["n_judged"] = of_right["sound"].count()
    made["n_spurious"] = of_right["spurious"].sum()
    return made.reset_index()


def labelled() -> Any:
    """How many steps of each path are labelled, and whether those before the outcome are right."""
    labels = read("step_labels", "path_id", "labeler", "label")
    counts = labels.groupby("path_id").agg(n_labels=("label", "size"))
    inner = labels[labels["labeler"] != "outcome"].groupby("path_id")["label"].all()
    return counts.assign(sound=inner.astype(object)).reset_index()


def narrowing(rows: Any, paths: Any, problems: Any) -> Any:
    """Right samples against gold by level, length and perplexity."""
    right = rows[rows["correct"]].merge(problems[["problem_id", "level"]], on="problem_id")
    texts = read("perplexities", "origin", "text_id", "n_tokens", "nll_mean")
    texts["perplexity"] = np.exp(texts["nll_mean"])
    sampled, gold = (texts[texts["origin"] == origin] for origin in ("sampled", "gold"))
    measured = paths.merge(sampled, left_on="path_id", right_on="text_id")
    measured = measured.rename(columns={"n_tokens": "length"})
    measured = measured[["sample_ids", "length", "perplexity"]].explode("sample_ids")
    right = right.merge(measured, left_on="sample_id", right_on="sample_ids", how="left")
    asked = problems[problems["problem_id"].isin(rows["problem_id"].unique())]
    known = gold[gold["text_id"].isin(asked["problem_id"])]
    golden = {"level": asked["level"], "length": known["n_tokens"]}
    golden |= {"characters": asked["n_characters"], "perplexity": known["perplexity"]}
    made = []
    for data, part in (("unguided", right[right["plain"]]), ("all", right)):
        own = {"level": part["level"], "length": part["length"].dropna()}
        own |= {"characters": part["n_characters"], "perplexity": part["perplexity"].dropna()}
        made += [
            {"data": data, "measure": name}
            | compared(own[name].to_numpy(float), golden[name].to_numpy(float))
            for name in own
        ]
    return pd.DataFrame(made)


def compared(own: Any, gold: Any) -> dict[str, float]:
    """Means, Wasserstein-1 distance and tail of two samples of values."""
    own, gold = np.sort(own), np.sort(gold)
    both = np.sort(np.concatenate([own, gold]))
    below = [np.searchsorted(side, both[:-1], side="right") / len(side) for side in (own, gold)]
    start = gold[int(np.ceil(TAIL * len(gold))) - 1]
    return {
        "n_self": len(own),
        "n_gold": len(gold),
        "self_mean": own.mean(),
        "gold_mean": gold.mean(),
        "distance": float(np.sum(np.abs(below[0] - below[1]) * np.diff(both))),
        "tail_from": start,
        "self_tail": float((own >= start).mean()),
        "gold_tail": float((gold >= start).mean()),
    }


def main() -> None:
    """Writes pandas/ beside data/."""
    problems = read("problems", "problem_id", "level", "rationale")
    problems["n_gold_steps"] = problems["rationale"].map(len)
    problems["n_characters"] = problems["rationale"].map("".join).str.len()
    problems = problems.drop(columns="rationale")
    rows = graded()
    paths = read("paths", "path_id", "sample_ids", "steps", "truth", "correct")
    counts = drawn(rows, problems)
    made = {
        "coverage": coverage(counts).reset_index(),
        "solve_rates": solve_rates(counts),
        "strategies": strategies(rows, paths, problems),
        "narrowing": narrowing(rows, paths, problems),
    }
    Path("pandas").mkdir(exist_ok=True)
    for noun, frame in made.items():
        frame.to_parquet(f"pandas/{noun}.parquet")


if __name__ == "__main__":
    main()
