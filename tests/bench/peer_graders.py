"""The peers' verdicts on rows, in an environment that has the peers and nothing of this project.

`python -I peer_graders.py ROWS VERDICTS` reads JSON lines {data, id, kind, gold, text, program},
writes {data, id, grader, is_right}. Of lm-eval only the modules with the extractors are loaded: its
packages import far more than they need.
"""

import importlib.util
import json
import logging
import sys
from importlib import import_module
from importlib.metadata import distribution
from pathlib import Path

Verdicts = dict[str, bool]
"""Grader → whether it finds the text right."""


def module_at(path: str):
    """A module of lm-eval by its file."""
    file = Path(str(distribution("lm_eval").locate_file(path)))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class MathVerify:
    """Math-Verify as it comes: its default targets, on the whole text."""

    def __init__(self) -> None:
        logging.getLogger("math_verify").setLevel(logging.CRITICAL)
        self.package = import_module("math_verify")

    def verdicts(self, gold: str, text: str) -> Verdicts:
        """Of one text."""
        parse = self.package.parse
        try:
            is_right = bool(self.package.verify(parse(f"${gold}$"), parse(text)))
        except Exception:
            is_right = False
        return {"Math-Verify": is_right}


class Gsm8k:
    """lm-eval's task gsm8k: its two filters and its exact match, with the task file's settings."""

    def __init__(self) -> None:
        task = distribution("lm_eval").locate_file("lm_eval/tasks/gsm8k/gsm8k.yaml")
        config = import_module("yaml").safe_load(Path(str(task)).read_text())
        regex = import_module("lm_eval.filters.extraction").RegexFilter
        self.match = import_module("lm_eval.api.metrics").exact_match_hf_evaluate
        self.metric = config["metric_list"][0]
        self.filters = {}
        for one in config["filter_list"]:
            settings = {key: v for key, v in one["filter"][0].items() if key != "function"}
            self.filters[one["name"]] = regex(**settings)
        self.until = config["generation_kwargs"]["until"]

    def verdicts(self, gold: str, text: str) -> Verdicts:
        """Of one text, cut where the task ends a generation."""
        for end in self.until:
            text = text.partition(end)[0]
        names = ("ignore_case", "ignore_punctuation", "regexes_to_ignore")
        settings = {name: self.metric[name] for name in names}
        found = {name: one.apply([[text]], [{}])[0] for name, one in self.filters.items()}
        return {
            f"lm-eval {name}": bool(self.match(answer, [gold], **settings)["exact_match"])
            for name, answer in found.items()
        }


class Minerva:
    """lm-eval's task minerva_math: as it is, and its comparison on what the last box says."""

    def __init__(self) -> None:
        self.task = module_at("lm_eval/tasks/minerva_math/utils.py")

    def verdicts(self, gold: str, text: str) -> Verdicts:
        """Of one text."""
        task = self.task
        expected = task.normalize_final_answer(gold)
        said = {"minerva_math": task.get_unnormalized_answer(text)}
        try:
            said["minerva_math on the last box"] = task.remove_boxed(
                task.last_boxed_only_string(text) or "\\boxed{[invalidanswer]}"
            )
        except AssertionError:  # \boxed with a blank inside braces, \fbox
            said["minerva_math on the last box"] = "[invalidanswer]"
        return {
            name: bool(task.is_equiv(task.normalize_final_answer(answer), expected))
            for name, answer in said.items()
        }


class EvalPlus:
    """evalplus's check: outputs on inputs are those of the gold program."""

    def __init__(self) -> None:
        self.check = import_module("evalplus.eval").untrusted_check
        self.execute = import_module("evalplus.gen.util").trusted_exec
        self.not_none = import_module("evalplus.eval._special_oracle").MBPP_OUTPUT_NOT_NONE_TASKS
        self.expected: dict = {}

    def verdicts(self, data: str, text: str, program: dict) -> Verdicts:
        """On the data set's inputs, and on those with evalplus's own where there are any."""
        found = {"evalplus": self._passes(data, text, program, "inputs")}
        if "more_inputs" in program:
            is_more = found["evalplus"] and self._passes(data, text, program, "more_inputs")
            found["evalplus with plus inputs"] = is_more
        return found

    def _passes(self, data: str, text: str, program: dict, field: str) -> bool:
        name, inputs = program["entry_point"], self._inputs(program[field])
        key = (program["gold"], field)
        if key not in self.expected:
            self.expected = {k: v for k, v in self.expected.items() if k[0] == key[0]}
            self.expected[key] = self.execute(
                program["gold"], inputs, name, True, data == "mbpp" and name in self.not_none
            )
        outputs, seconds = self.expected[key]
        status, _ = self.check(
            data, text, inputs, name, outputs, program["atol"], seconds, fast_check=True
        )
        return bool(status == "pass")

    @staticmethod
    def _inputs(literal: str) -> list:
        return list(eval(literal, {"inf": float("inf"), "nan": float("nan")}))  # repr of data


def main(rows: Path, verdicts: Path) -> None:
    """Every row by every peer that is made for its kind."""
    math_verify, gsm8k, minerva, evalplus = MathVerify(), Gsm8k(), Minerva(), EvalPlus()
    with rows.open() as given, verdicts.open("w") as out:
        for line in given:
            row = json.loads(line)
            gold, text = row["gold"], row["text"]
            if row["program"]:
                found = evalplus.verdicts(row["kind"], text, row["program"])
            else:
                own = gsm8k if row["kind"] == "words" else minerva
                found = {**math_verify.verdicts(gold, text), **own.verdicts(gold, text)}
            for grader, is_right in found.items():
                said = {"data": row["data"], "id": row["id"], "grader": grader}
                out.write(json.dumps({**said, "is_right": is_right}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
