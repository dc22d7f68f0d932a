"""Bad parameters: one line that names the parameter and the mend."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import RatchetError
from stages.check import check_values
from stages.contract import dvc_files
from stages.contract.stage_list import sections
from stages.pipeline.params import load, seed_of


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """A change of one value, named by its dotted path."""
    *parents, last = path.split(".")

    def change(values: dict[str, Any]) -> None:
        for name in parents:
            values = values[name]
        values[last] = value

    return change


BAD = [
    (put("pair.margni", 0.3), "pair.margni is not a parameter; did you mean pair.margin?"),
    (put("pairs", {}), "pairs is not a parameter; did you mean pair?"),
    (put("pair.margin", 1.3), "pair.margin is 1.3: input should be less than or equal to 1"),
    (put("pair.margin", "high"), "pair.margin is 'high': input should be a valid number"),
    (put("sample.k", 0), "sample.k is 0: input should be greater than or equal to 1"),
    (put("sample.mode", "beam"), "sample.mode is 'beam': input should be 'sampling', 'greedy' or"),
    (put("sample.top_p", 0), "sample.top_p is 0: input should be greater than 0"),
    (put("align.beta", -1), "align.beta is -1: input should be greater than or equal to 0"),
    (put("align.objective", "orpoo"), "align.objective is 'orpoo': set sft, dpo, rpo,"),
    (put("iteration", 1000), "iteration is 1000: set a whole number from 1 to 999"),
    (put("iteration", 0), "iteration is 0: set a whole number from 1 to 999"),
    (put("iteration", "two"), "iteration is 'two': set a whole number from 1 to 999"),
    (
        put("iteration", 3),
        "section loop does not fit iteration: 3, from which `dvc exp run`",
    ),
    (put("loop.models", [0]), "section loop does not fit iteration: 2, from which `dvc exp run`"),
    (put("loop", None), "section loop does not fit iteration: 2"),
    (put("seed", -1), "seed is -1: set a whole number from 0"),
    (put("task.name", "toi"), "task.name=toi is not a parameter; did you mean task.name=toy?"),
    (put("task.levels", 6), "task.levels is 6: input should be less than or equal to 5"),
    (put("engine.name", "vlm"), "engine.name=vlm is not a parameter; did you mean"),
    (
        put("engine.precision", "fp8"),
        "engine.precision is 'fp8': input should be 'auto', 'float32'",
    ),
    (put("engine.gpu_memory", 1.5), "engine.gpu_memory is 1.5: input should be less than or"),
    (put("engine.batchsize", 9), "engine.batchsize is not a parameter; did you mean engine.batch"),
    (put("simulator_server.url", "localhost"), "simulator_server.url is 'localhost': input should"),
    (put("model.kind", "tiny"), "model.kind=tiny is not a parameter; did you mean"),
    (put("label", None), "section label is missing"),
    (
        put("label.method", "guess"),
        "label.method is 'guess': input should be 'rollouts', 'judge', 'oracle'",
    ),
    (put("judge.url", "localhost:8000"), "judge.url is 'localhost:8000': URL scheme should be"),
    (put("judge.url", "http://[::1"), "judge.url is 'http://[::1': input should be a valid URL"),
    (put("model.source", "???"), "model.source is not set: give it with -S model.source=…"),
    (put("judge.max_tries", 0), "judge.max_tries is 0: input should be greater than or equal to 1"),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=[message[:30] for _, message in BAD])
def test_bad_parameters_are_one_line(
    change: Callable[[dict[str, Any]], None], message: str
) -> None:
    values = dvc_files.parameter_values()
    change(values)
    with pytest.raises(RatchetError) as error:
        check_values(values, sections())
    assert message in str(error.value)
    assert str(error.value).startswith("params.yaml: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is missing"),
        ("a: [1", "line 2 is not valid YAML"),
        ("- 1", "has no sections"),
        ("a: 1\nsft: {b: 1}\nsft: {}\n", "line 3 has sft for the second time"),
        ("sft:\n  b: 1\n  b: 2\n", "line 3 has b for the second time"),
        ("a: &x [*x]\nb: !!python/object:os.system {}\n", "line 2 is not valid YAML"),
        ("a: \x07\n", "is not valid YAML"),
        ("a: " + "[" * 5000, "is n"),
        ("sft: {1: 2}\n", "sft has a key 1, which names no parameter"),
        ("null: 2\n", "it has a key None, which names no parameter"),
        ("sft: {learning_rate: .inf}\n", "sft.learning_rate is inf: set a finite number"),
        ("sft: {rates: [1.0, -.inf]}\n", "sft.rates.1 is -inf: set a finite number"),
        ("beta: .nan\n", "beta is nan: set a finite number"),
        (f"seed: {2**63}\n", "seed is 9223372036854775808: set a number of less than"),
    ],
)
def test_an_unreadable_file_is_one_line(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "params.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RatchetError, match=message):
        load(path)


@pytest.mark.parametrize("seed", ["{}", "[1]", "one", "1.5", "on"])
def test_a_seed_that_is_no_number_is_one_line(tmp_path: Path, seed: str) -> None:
    (tmp_path / "params.yaml").write_text(f"seed: {seed}\n")
    with pytest.raises(RatchetError, match=r"^params\.yaml: seed is .*: set a whole number$"):
        seed_of(load(tmp_path / "params.yaml"))


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes("title: Größe".encode("latin-1"))
    with pytest.raises(RatchetError, match="is not UTF-8 text"):
        load(tmp_path / "params.yaml")


WORDS = ["1e-3", "1.0e-3", "010", "0o10", "on", "1:30", "2**63", "~", "1_000", "0x1F", "2020-01-01"]


@pytest.mark.parametrize("text", WORDS)
def test_values_are_what_dvc_reads(tmp_path: Path, text: str) -> None:
    from dvc.utils.serialize import load_yaml

    (file := tmp_path / "params.yaml").write_text(f"value: {text}\n")
    assert load(file) == load_yaml(str(file))
