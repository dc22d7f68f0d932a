"""`ratchet sql`: any revision, any form, at a prompt, and nothing but reading."""

import csv
import io
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from threading import Timer

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner, Result

from schemas.errors import CONTROL
from stages.explore.cli import app
from stages.explore.sql import one_select
from tests.fakes import two_runs
from tests.fakes.fake_iteration import NASTY

PROGRAM = [sys.executable, "-c", "from stages.explore.cli import app; app(prog_name='ratchet')"]


@pytest.fixture(scope="module")
def run(runs: two_runs.Runs) -> Path:
    """The folder of a committed run that was changed since."""
    return Path.cwd()


def sql(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, ["sql", *words], input=given)


def first(*words: str) -> object:
    """The first value that a query finds."""
    done = sql("--json", *words)
    assert done.exit_code == 0, done.stderr
    return next(iter(json.loads(done.stdout)[0].values()))


# forms


@pytest.mark.parametrize("ending", ["", ";", " ; -- all of them", "\n-- all of them"])
def test_a_table(run: Path, ending: str) -> None:
    shown = sql(f"select iteration, n_pairs from training_rows order by 1{ending}")
    assert shown.exit_code == 0
    lines = [line.split() for line in shown.stdout.splitlines() if line.strip()]
    assert lines[0] == ["iteration", "n_pairs"]
    assert lines[2] == ["0", "0"]
    assert lines[-1] == ["3", "rows"]


def test_quiet_leaves_the_count_out(run: Path) -> None:
    shown = CliRunner().invoke(app, ["--quiet", "sql", "select 1 as one"])
    assert shown.stdout.split() == ["one", "─" * 5, "1"]
    assert "1 row" in sql("select 1 as one").stdout


def test_a_long_table_says_that_it_goes_on(run: Path) -> None:
    shown = sql("from range(1001)").stdout
    assert "the first 1,000 rows" in shown and " 1000 " not in shown
    assert len(json.loads(sql("from range(5000)", "--json").stdout)) == 5000


def test_json(run: Path) -> None:
    query = (
        "select 1 as a, 'x' as a, [1.5, 'nan'::double] as l, {'k': 'inf'::double} as s, null as n"
    )
    assert json.loads(sql("--json", query).stdout) == [
        {"a": 1, "a_1": "x", "l": [1.5, None], "s": {"k": None}, "n": None}
    ]
    assert json.loads(sql("--json", "select 1 where false").stdout) == []


def test_no_form_shows_nan(run: Path) -> None:
    query = "select 'nan'::double as lost, 1.5 as kept"
    assert sql("--csv", query).stdout == "lost,kept\n,1.5\n"
    for form in ([], ["--long"]):
        shown = sql(*form, query).stdout
        assert "nan" not in shown and "1.5" in shown


def test_rows_as_blocks(run: Path) -> None:
    shown = sql("--long", "select problem_id, level from problems order by all limit 2").stdout
    assert [line.split() for line in shown.splitlines()] == [
        ["row", "1"], ["problem_id", "toy-test-1000"], ["level", "1"],
        ["row", "2"], ["problem_id", "toy-test-1001"], ["level", "1"], ["2", "rows"],
    ]  # fmt: skip
    assert "choose one" in sql("--long", "--json", "select 1").stderr


def test_csv(run: Path) -> None:
    query = "select problem_id, question from problems where problem_id = 'toy-train-1000'"
    rows = list(csv.reader(io.StringIO(sql("--csv", query).stdout)))
    assert rows[0] == ["problem_id", "question"]
    assert rows[1][0] == "toy-train-1000" and NASTY in rows[1][1]


def test_parquet(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "it's.parquet"
    done = sql("--parquet", str(file), "from verdicts;")
    assert (done.exit_code, done.stdout) == (0, "")
    assert pl.read_parquet(file).height == first("select count(*) from verdicts")
    assert list(tmp_path.iterdir()) == [file]
    lost = sql("--parquet", str(tmp_path / "none/x.parquet"), "from verdicts")
    assert lost.exit_code == 1 and lost.stderr.startswith("ratchet: --parquet ")
    assert "needs a QUERY" in sql("--parquet", str(file)).stderr


@pytest.mark.parametrize("query", ["show tables", "describe samples", "summarize costs"])
def test_descriptions(run: Path, query: str) -> None:
    assert sql(query).exit_code == 0


def test_text_of_a_model_cannot_steer_the_terminal(run: Path) -> None:
    shown = sql("select chr(27) || '[2J[red]' as text").stdout
    assert "\x1b" not in shown and "�[2J[red]" in shown


# revisions


@pytest.mark.parametrize("revision", ["HEAD", "master", "exp-1"])
def test_a_revision_is_read_as_it_was(run: Path, revision: str) -> None:
    query = "select count(*) from verdicts where grader = 'math-9'"
    assert first(query) == 79
    assert first(query, "--rev", revision) == 0
    assert first("select count(*) from verdicts", "--rev", revision) == 176


@pytest.mark.parametrize(
    ("revision", "reason"),
    [
        ("nowhere", "name a branch, tag, commit or experiment (there are: exp-1)"),
        ("exp-2", "exp-2 is in the queue and has not run yet: run `dvc queue start`"),
        ("exp-3", "exp-3 failed: `dvc queue logs exp-3` shows why"),
    ],
)
def test_a_revision_that_is_no_run(run: Path, revision: str, reason: str) -> None:
    done = sql("--rev", revision, "from samples")
    assert done.exit_code == 1 and done.stderr.count("\n") == 1
    assert reason in done.stderr


def test_a_revision_without_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    subprocess.run([*two_runs.GIT, "init", "-q"], check=True)
    two_runs.Repo.init().close()
    subprocess.run([*two_runs.GIT, "commit", "-q", "--allow-empty", "-m", "none"], check=True)
    done = sql("--rev", "HEAD", "from samples")
    assert done.exit_code == 1 and "HEAD has no tables" in done.stderr


def test_iterations_of_an_earlier_run_are_left_out(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(run / "data", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    assert first("select max(iteration) from samples") == 2
    Path("params.yaml").write_text(yaml.safe_dump({"iteration": 1}))
    assert first("select max(iteration) from samples") == 1
    done = sql("select 1")
    assert done.stderr == "ratchet: left out: iterations after 1, the last of params.yaml\n"


# read-only


@pytest.mark.parametrize(
    "query",
    [
        "from read_text('/etc/passwd')",
        "from read_csv('params.yaml')",
        "from 'params.yaml'",
        "from read_text('data/../params.yaml')",
        "from glob('*')",
        "from read_parquet('https://example.org/x.parquet')",
        "with x as (copy (select 1) to 'stolen.csv') from x",
        "copy (select 1) to 'data/stolen.csv'",
        "copy verdicts to 'data/verdicts/iteration=1/stage=grade/part.parquet'",
        "attach 'stolen.db'",
        "install httpfs",
        "set enable_external_access = true",
        "reset lock_configuration",
        "pragma enable_profiling",
        "create table t as select 1",
        "create or replace view samples as select 1",
        "drop view samples",
        "export database 'stolen'",
        "call enable_logging()",
        "from enable_logging()",
        "from rows",  # a variable of ours, which DuckDB would take for a table
    ],
)
def test_nothing_else_is_read_or_written(run: Path, query: str) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if ".git/" not in str(path)}
    for words in ([query], ["--csv"]):
        done = sql(*words, given=None if query in words else query)
        assert done.exit_code == 1 and done.stderr.startswith("ratchet: ")
    after = {path: path.stat().st_mtime_ns for path in run.rglob("*") if ".git/" not in str(path)}
    assert after == before


# the prompt


def test_statements_come_in_by_a_pipe(run: Path) -> None:
    given = "select\n 1 as a;\nselect ';' as b; select 3 as c;\n\n-- the end\nselect 4 as d"
    done = sql("--csv", given=given)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.split() == ["a", "1", "b", ";", "c", "3", "d", "4"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("from verdict;", "there is no view verdict: did you mean verdicts"),
        ("selec;", "Parser Error"),
        ("drop view samples;", "sql takes one select"),
        ("select 'a'::int;", "Conversion Error"),
        (".schema", "there is no command .schema: use .help, .tables or .quit"),
    ],
)
def test_a_mistake_does_not_end_it(run: Path, wrong: str, reason: str) -> None:
    done = sql("--csv", given=f"{wrong}\nselect 2 as b;\n.quit\nselect 3 as c;")
    assert done.stdout.split() == ["b", "2"]
    assert done.exit_code == 1 and reason in done.stderr and done.stderr.count("\n") == 1


def test_dots(run: Path) -> None:
    shown = sql(given=".help\n.tables\n").stdout
    assert "describe VIEW;" in shown and "One row per completion drawn." in shown


def test_people_have_a_prompt_and_a_history(run: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", *PROGRAM, "sql"],  # with a terminal of its own, as Ctrl-C needs
        stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | {"HOME": str(tmp_path)},
    )  # fmt: skip
    os.close(theirs)
    shown = ""
    for expected, typed in [
        ("ratchet> ", "select nope\n"), ("...> ", "from samples;\n"), ("not found", ""),
        ("ratchet> ", "from narr\t"), ("narrowing", " x"), (" x", "\x03"),
        ("ratchet> ", "select 40 +\n"), ("...> ", "2;\n"), (" 42 ", ""), ("ratchet> ", ".quit\n"),
    ]:  # fmt: skip
        while expected not in shown:
            assert select.select([ours], [], [], 60)[0], f"no {expected!r} in {shown!r}"
            shown += os.read(ours, 4096).decode()
        shown = shown.split(expected, 1)[1]
        state = Path(f"/proc/{process.pid}/stat")
        while ") S " not in state.read_text():
            pass  # it still draws; readline hears Ctrl-C only while it waits
        os.write(ours, typed.encode())
    assert process.wait(60) == 0
    os.close(ours)
    assert "select 40 +\n2;\n" in (tmp_path / ".ratchet_history").read_text()


def test_ctrl_c_stops_a_query_and_no_more(run: Path) -> None:
    numbers = "range(100000000)"
    endless = f"select count(*) from {numbers} a, {numbers} b where (a.range + b.range) % 7 = 0"
    with one_select.sealed_connection("workspace") as connection:
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job may ignore it
        pressed = Timer(0.3, os.kill, [os.getpid(), signal.SIGINT])
        pressed.start()
        with pytest.raises(KeyboardInterrupt):
            one_select.show_select(connection, endless, "csv")
        signal.signal(signal.SIGINT, before)
        assert connection.execute("select 1").fetchall() == [(1,)]


# completion


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("ratchet sql --rev ex", ["exp-1"]),
        ("ratchet compare work", ["workspace"]),
        ("ratchet compare exp-1 ma", ["master"]),
        ("ratchet compare exp-1 --table step_", ["step_labels", "step_scores"]),
        ("ratchet compa", ["compare"]),
    ],
)
def test_the_shell_completes(run: Path, words: str, wanted: list[str]) -> None:
    named = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    env = os.environ | named | {"_RATCHET_COMPLETE": "complete_bash"}
    done = subprocess.run(PROGRAM, env=env, capture_output=True, text=True)
    assert done.stdout.split() == wanted


# what a model may have written

HOSTILE = "\x1b[31mred\x9b2J\x07\u202egnp\u2066\u2028"


@pytest.mark.parametrize(
    "words",
    [
        [f"select error('{HOSTILE}')"],
        [f'select 1 as "{HOSTILE}"'],
        [f"select '{HOSTILE}' as text"],
        ["--json", f"select '{HOSTILE}' as \"{HOSTILE}\""],
        [f"from {HOSTILE}"],
        ["--rev", HOSTILE, "select 1"],
        [f"select cast('{HOSTILE}' as int)"],
    ],
)
def test_nothing_controls_the_terminal(run: Path, words: list[str]) -> None:
    done = sql(*words)
    shown = done.stdout + done.stderr
    assert shown and not CONTROL.search(shown)
    if "--json" in words:
        assert json.loads(done.stdout) == [{HOSTILE: HOSTILE}]


def test_csv_is_exact_in_a_file_and_harmless_on_a_terminal(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    query = f"select '{HOSTILE}' as \"{HOSTILE}\", 1.5, ['{HOSTILE}']"
    for is_terminal in (False, True):
        monkeypatch.setattr(sys.stdout, "isatty", lambda is_terminal=is_terminal: is_terminal)
        with one_select.sealed_connection("workspace") as connection:
            one_select.show_select(connection, query, "csv")
        shown = capsys.readouterr().out
        assert (HOSTILE in shown) != is_terminal and bool(CONTROL.search(shown)) != is_terminal
        assert ",1.5," in shown


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("select now()", ["now()"]),
        ("select timestamptz '2020-01-01 00:00:00+00' as t, 1 as t", ["t", "t_1"]),
        ("select [now()] as l, date '2020-01-01' as d", ["l", "d"]),
    ],
)
@pytest.mark.parametrize("form", ["--json", "--csv", None])
def test_times_of_a_zone_are_shown(
    run: Path, query: str, names: list[str], form: str | None
) -> None:
    done = sql(*[form] if form else [], query)
    assert done.exit_code == 0, done.stderr
    if form == "--json":
        assert list(json.loads(done.stdout)[0]) == names


# files of one's own


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_a_file_of_ones_own_is_a_view(run: Path, tmp_path: Path, ending: str) -> None:
    notes = pl.DataFrame({"iteration": [1, 2], "note": ["first", "it's"]})
    file = tmp_path / f"my notes{ending}"
    writers = {".csv": notes.write_csv, ".jsonl": notes.write_ndjson}
    writers.get(ending, notes.write_parquet)(file)
    before = file.read_bytes()
    query = 'select note from training_rows join "my notes" using (iteration) order by note'
    done = sql("--json", "--with", str(file), query)
    assert json.loads(done.stdout) == [{"note": "first"}, {"note": "it's"}], done.stderr
    assert sql("--with", str(file), given='from "my notes";').exit_code == 0
    assert file.read_bytes() == before


def test_a_file_of_ones_own_opens_no_other(run: Path, tmp_path: Path) -> None:
    for name in ("mine.csv", "other.csv"):
        (tmp_path / name).write_text("a\n1\n")
    mine = ["--with", str(tmp_path / "mine.csv")]
    for query in (
        f"from read_csv('{tmp_path}/other.csv')",
        f"copy (select 1) to '{tmp_path}/mine.csv'",
        f"with x as (copy (select 1) to '{tmp_path}/mine.csv') from x",
    ):
        assert sql(*mine, query).exit_code == 1
    assert (tmp_path / "mine.csv").read_text() == "a\n1\n"


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("gone.csv", None, "there is no such file"),
        ("a.xlsx", b"", "its name must end in one of .csv, .tsv"),
        ("samples.csv", b"a\n1\n", "the run has a view samples of its own: rename the file"),
        ("bad.parquet", b"no parquet", "bad.parquet"),
        ("a*.csv", b"a\n1\n", "has one of the wildcards"),
    ],
)
def test_a_file_that_can_not_be_a_view_is_one_line(
    run: Path, tmp_path: Path, name: str, content: bytes | None, line: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = sql("--with", str(tmp_path / name), "select 1")
    assert done.exit_code == 1 and done.stderr.startswith(f"ratchet: --with {tmp_path / name}: ")
    assert line in done.stderr and done.stderr.count("\n") == 1
