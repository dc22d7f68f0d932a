"""Conflicts between settings: values that are valid alone but not together."""

from schemas.errors import RatchetError
from stages.contract.label_conflicts import LABEL_CONFLICTS
from stages.contract.model_conflicts import MODEL_CONFLICTS
from stages.contract.parsed_parameters import Parameters
from stages.contract.row_conflicts import ROW_CONFLICTS
from stages.contract.training_conflicts import TRAINING_CONFLICTS

CONFLICTS = [*MODEL_CONFLICTS, *ROW_CONFLICTS, *LABEL_CONFLICTS, *TRAINING_CONFLICTS]


def refuse_conflicts(parameters: Parameters) -> None:
    """Raises RatchetError for the first conflict, with the values that are in conflict."""
    for applies, message in CONFLICTS:
        if applies(parameters):
            values = vars(parameters) | {"objective": parameters.objective}
            raise RatchetError(f"params.yaml: {message.format(**values)}")
