"""What the pages for people say is so: commands, settings, links, files, pages of reference."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from dvc.cli.parser import get_main_parser

from stages.check import check_values
from stages.contract.dvc_files import ROOT, parameter_values
from stages.contract.stage_list import sections
from stages.explore.cli import app
from stages.training import trackers
from tests.fakes.docs_pages import (
    INLINE,
    LINK,
    PAGES,
    anchors,
    commands,
    fences,
    files,
    mentioned,
    overrides,
    prose,
)

MAKEFILE = (ROOT / "Makefile").read_text()
SHOWN = [(page, words) for page in PAGES for words in commands(page)]
MENTIONED = [(page, words) for page in PAGES for words in mentioned(page)]
DVC = get_main_parser()
RATCHET: Any = typer.main.get_command(app)
RUNS = [(page, words) for page, words in SHOWN if words[:3] == ["dvc", "exp", "run"]]
ADDED = {path for page in PAGES for path, *_ in files(page)}  # by who follows docs/extend.md
PATH = re.compile(r"(?:conf|docs|schemas|stages|tests|\.ci|\.github)/[\w./-]*\w")


def told(case: Any) -> str:
    return f"{case[0]}: {' '.join(case[1])}" if isinstance(case, tuple) else str(case)


def exists(words: list[str], whole: bool) -> None:
    """Fails unless the command is there; `whole`: with its arguments, as it would be typed."""
    program, *rest = words
    if program == "make":
        for target in [word for word in rest if "=" not in word]:
            assert re.search(rf"^{target}:", MAKEFILE, re.M), target
    elif program == "dvc":
        DVC.parse_args(rest if whole else [*rest, "--help"])
    elif program == "ratchet":
        command = RATCHET.get_command(None, rest[0])
        command.make_context(rest[0], rest[1:], resilient_parsing=not whole)
    elif rest[0] == "-m":
        module = Path(ROOT, *rest[1].split("."))
        assert module.with_suffix(".py").exists() or (module / "__main__.py").exists()


@pytest.mark.parametrize("case", SHOWN, ids=told)
def test_every_command_shown_exists_with_its_options(case: tuple[str, list[str]]) -> None:
    exists(case[1], whole=True)


@pytest.mark.parametrize("case", MENTIONED, ids=told)
def test_every_command_mentioned_exists(case: tuple[str, list[str]]) -> None:
    try:
        exists(case[1], whole=False)
    except SystemExit as help_was_shown:
        assert help_was_shown.code == 0


@pytest.mark.parametrize("case", RUNS, ids=told)
def test_every_experiment_composes_to_valid_parameters(
    case: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trackers, "find_spec", lambda name: True)  # as with all trackers installed
    for given in overrides(case[1]):
        check_values(parameter_values(*given), sections())
        paths = [one.partition("=")[2].strip("\"'") for one in given]
        assert not [p for p in paths if p.startswith(("models/", "data/"))], "a run makes that anew"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for link in LINK.findall(prose(page)):
        name, _, anchor = link.partition("#")
        if "://" in name:
            continue
        target = (ROOT / page).parent / name if name else ROOT / page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(str(target.resolve().relative_to(ROOT.resolve()))), link


@pytest.mark.parametrize("page", PAGES)
def test_every_file_named_is_there(page: str) -> None:
    for named in INLINE.findall(prose(page)):
        if PATH.fullmatch(named.rstrip("/")) and named not in ADDED:
            assert (ROOT / named).exists(), named


def test_every_default_is_on_the_page() -> None:
    """Against a plain reading of the file, so that a key can't be lost on the way."""
    page = PAGES["docs/settings.md"].split("# conf/")[0]
    for name, value in yaml.safe_load((ROOT / "conf/config.yaml").read_text()).items():
        inside = value if isinstance(value, dict) else {"": value}
        for key in inside if name != "defaults" else []:
            assert f"| `{name}.{key}` |".replace(".`", "`") in page, f"{name}.{key}"


@pytest.mark.parametrize("block", fences("models/README.md", "python"))
def test_a_model_of_a_run_loads(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: str
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/iteration=2").symlink_to(checkpoint)
    monkeypatch.chdir(tmp_path)
    exec(block, {})


def test_every_page_is_linked_from_readme() -> None:
    linked = {link for link in LINK.findall(prose("README.md")) if link.endswith(".md")}
    assert linked >= {page for page in PAGES if page != "README.md"}


def test_hosted_checks_are_those_of_this_repository() -> None:
    flow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    steps = [step for job in flow["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps if "run" in step] == [".ci/run"]
    actions = [step["uses"] for step in steps if "uses" in step]
    assert actions and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in actions)
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [hook["entry"] for repo in hooks for hook in repo["hooks"]] == ["make check"]
