"""The two ways of a benchmark say the same; here small, and untimed."""

from contextlib import chdir
from pathlib import Path

from stages.stats import stats
from tests.bench import compare, compare_polars, statistics, statistics_pandas


def test_statistics_are_those_of_pandas(tmp_path: Path) -> None:
    statistics.generate(tmp_path, 5_000)
    with chdir(tmp_path):
        stats.run(1)
        statistics_pandas.main()
    statistics.must_agree(tmp_path)


def test_comparisons_are_those_of_polars(tmp_path: Path) -> None:
    compare.generate(tmp_path, 5_000)
    with chdir(tmp_path):
        compare.main("a", "b")
        compare_polars.main(Path("a"), Path("b"))
    compare.must_agree(tmp_path)
