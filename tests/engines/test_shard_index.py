"""The ledger's index: with it, without it and with a bad one, the same draws are found."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stages.engines import ledger as ledgers
from stages.engines.engine import Completion
from stages.engines.ledger import Ledger
from stages.engines.shard_index import FILE, WRITE_AT_SHARDS, ShardIndex
from stages.pipeline.digests import digest

N_SHARDS, DRAWS = WRITE_AT_SHARDS + 3, 5


def some(first: int) -> dict[str, Completion]:
    """A shard's draws, with keys as the sampler makes them."""
    numbers = range(DRAWS * first, DRAWS * (first + 1))
    return {digest(n, size=16): Completion(f"text {n}", n, -n / 3, "stop") for n in numbers}


def everything(n_shards: int = N_SHARDS) -> dict[str, Completion]:
    return {key: drawn for first in range(n_shards) for key, drawn in some(first).items()}


@pytest.fixture
def filled(tmp_path: Path) -> Ledger:
    """A ledger of so many shards that a first reader writes the index, and three more."""
    ledger = Ledger("me", tmp_path)
    for first in range(N_SHARDS):
        ledger.add(some(first))
    return ledger


def rewrite(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    return lambda file: change(np.fromfile(file, "<u8")).tofile(file)


def without_one(words: np.ndarray) -> np.ndarray:
    words[5 + WRITE_AT_SHARDS] += 1
    return words


CHANGES: dict[str, Callable[[Path], None]] = {
    "as written": lambda file: None,
    "deleted, or of a ledger that is older": lambda file: file.unlink(),
    "empty": lambda file: file.write_bytes(b""),
    "cut in a word": lambda file: file.write_bytes(file.read_bytes()[:-3]),
    "cut": rewrite(lambda words: words[:-2]),
    "another key": rewrite(without_one),
    "one word": lambda file: file.write_bytes(bytes(8)),
    "a folder": lambda file: (file.unlink(), file.mkdir())[0],
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_bad_index_is_as_good_as_none(filled: Ledger, name: str) -> None:
    CHANGES[name](filled.folder / FILE)
    found = Ledger("me", filled.folder.parent).find([*everything(), digest("missing", size=16)])
    assert found == everything()


def test_only_shards_with_one_of_the_keys_are_read(filled: Ledger) -> None:
    index, wanted = ShardIndex(filled.folder), [*some(2)][:1] + [*some(N_SHARDS - 1)][3:]
    holders, unreadable = index.find(filled.shards(), wanted)
    assert len(holders) == 2 and not unreadable
    assert set(filled._scan(holders).collect()["key"]) == {*some(2), *some(N_SHARDS - 1)}
    assert index.find(filled.shards(), [digest("missing", size=16)]) == ([], [])
    assert index.find(filled.shards(), []) == ([], [])


def test_keys_that_are_no_digests_are_found_too(tmp_path: Path) -> None:
    drawn = {f"key {n}": Completion(f"{n}", n, None, "stop") for n in range(WRITE_AT_SHARDS + 2)}
    for key, completion in drawn.items():
        Ledger("me", tmp_path).add({key: completion})
    assert Ledger("me", tmp_path).find([*drawn, "key"]) == drawn


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_work_finds_what_a_dictionary_would(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several ledgers of one folder add, find, merge, and lose their index or a shard."""
    monkeypatch.setattr(ledgers, "MERGE_AT_SHARDS", 20)
    chance, known = random.Random(seed), dict[str, Completion]()
    users = [Ledger("me", tmp_path) for _ in range(3)]
    for step in range(120):
        user = chance.choice(users)
        match chance.choice(["add", "add", "add", "find", "new", "forget", "lose"]):
            case "add":
                drawn = some(chance.randrange(60))
                assert user.add(drawn) == drawn
                known |= drawn
            case "find":
                wanted = [*some(chance.randrange(60)), *some(chance.randrange(60))]
                assert user.find(wanted) == {key: known[key] for key in wanted if key in known}
            case "new":
                users[chance.randrange(3)] = Ledger("me", tmp_path)
            case "forget":
                (user.folder / FILE).unlink(missing_ok=True)
            case "lose" if step % 4 == 0 and (shards := user.shards()):
                gone = chance.choice(shards)
                for key in user._scan([gone]).collect()["key"]:
                    del known[key]
                gone.unlink()
    assert Ledger("me", tmp_path).find([*everything(60)]) == known
