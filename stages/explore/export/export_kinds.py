"""What can be exported as a data set: each kind is a table, and a file of rows/ selects its rows.

Columns have the names of TRL's dataset types (preference, prompt-completion, unpaired preference,
stepwise supervision), so that its trainers take a folder as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.catalog import TABLE_OF_NOUN
from schemas.table import Table

ROWS = Path(__file__).parent / "rows"


@dataclass(frozen=True)
class Kind:
    """A table as a data set.

    key: what tells its rows apart. answers: the columns that a model may write. trainers: what
    takes it.
    """

    noun: str
    key: str
    answers: tuple[str, ...]
    trainers: str
    usage: str

    @property
    def table(self) -> type[Table]:
        """The schema of the table."""
        return TABLE_OF_NOUN[self.noun]

    @property
    def query(self) -> str:
        """The rows of iteration $iteration, or the distinct ones of all if that is null."""
        return (ROWS / f"{self.noun}.sql").read_text()


PREFERENCE = "`DPOTrainer`, `ORPOTrainer` and `RewardTrainer` (preference)"
ANSWERS = "`SFTTrainer` (prompt-completion) and `KTOTrainer` (unpaired preference)"
STEPS = (
    "process reward models (stepwise supervision). The steps have their own line ends, so they are "
    "joined with nothing between"
)
DPO = """from trl import DPOTrainer

DPOTrainer("path/to/model", train_dataset=data).train()"""
SFT = """from trl import SFTTrainer

right = data.filter(lambda row: row["label"])
SFTTrainer("path/to/model", train_dataset=right).train()"""
STEP = """row = data[0]
print(*zip(row["completions"], row["labels"]), sep="\\n")"""

KINDS: Mapping[str, Kind] = {
    kind.noun: kind
    for kind in (
        Kind("pairs", "pair_id", ("chosen", "rejected"), PREFERENCE, DPO),
        Kind("examples", "example_id", ("completion",), ANSWERS, SFT),
        Kind("step_labels", "path_id", (), STEPS, STEP),
        Kind("paths", "path_id", ("completion",), ANSWERS, SFT),
        Kind("samples", "sample_id", ("completion",), ANSWERS, SFT),
    )
}
