"""A table's rows as links that hold them: CSV and JSON, inert whatever a model wrote."""

import csv
import io
import json
from typing import Any
from urllib.parse import unquote

import pytest

from stages.results import downloads

NASTY = '</a><script>alert("1")</script>%41#?&'


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (1, "1"),
        (-0.5, "-0.5"),
        (1 / 3, "0.33333333"),
        (None, ""),
        (float("nan"), ""),
        (True, "True"),
        ("-5 apples", "'-5 apples"),
        ("=1+1", "'=1+1"),
        ("@cmd", "'@cmd"),
        ("a, b\nc", "a, b\nc"),
        ([1.5, None], "[1.5,null]"),
        ({"item": "a", "content": "=b"}, '{"item":"a","content":"=b"}'),
        (NASTY, NASTY),
    ],
)
def test_csv_is_read_back_and_no_spreadsheet_obeys_it(value: Any, cell: str) -> None:
    text = downloads.csv_text([{"value": value, "n": 1}])
    assert list(csv.reader(io.StringIO(text))) == [["value", "n"], [cell, "1"]]


def test_csv_has_the_columns_of_every_row() -> None:
    assert downloads.csv_text([{"a": 1}, {"b": 2, "a": 3}]) == "a,b\r\n1,\r\n3,2\r\n"
    assert downloads.csv_text([]) == "\r\n"


@pytest.mark.parametrize(
    ("rows", "read"),
    [
        ([], []),
        ([{"a": 1, "b": NASTY}, {"a": None}], [{"a": 1, "b": NASTY}, {"a": None}]),
        ([{"a": float("inf"), "b": [float("nan"), 1]}], [{"a": None, "b": [None, 1]}]),
    ],
)
def test_json_is_read_back_without_what_json_lacks(rows: Any, read: Any) -> None:
    assert json.loads(downloads.json_text(rows)) == read


@pytest.mark.parametrize(
    ("link", "head", "text"),
    [
        (downloads.csv_link, "data:text/csv;charset=utf-8,", downloads.csv_text),
        (downloads.json_link, "data:application/json;charset=utf-8,", downloads.json_text),
    ],
)
def test_a_link_holds_the_rows_and_no_markup(link: Any, head: str, text: Any) -> None:
    rows = [{"text": NASTY, "more": "Zürich ☃"}]
    uri = link(rows)
    assert uri.startswith(head)
    assert not set(uri[len(head) :]) & set("<>\"'&#%? \n") - set("%?")
    assert unquote(uri[len(head) :]) == text(rows)


def test_code_is_marked_and_nothing_else_is_markup() -> None:
    assert downloads.code("run `a <b>` & c") == "run <code>a &lt;b&gt;</code> &amp; c"
