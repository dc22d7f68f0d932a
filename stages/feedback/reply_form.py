"""Forms of replies: what a chat model is asked for, and how strictly its values are read."""

import re
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from stages.feedback.reply_json import MalformedError

M = TypeVar("M", bound="ReplyForm")
NUMBER = re.compile(r"\s*(?:step\s*)?#?\s*(-?\d+)\s*\.?\s*", re.IGNORECASE)


class ReplyForm(BaseModel):
    """An object of a reply. Names besides those asked for are left out."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    @classmethod
    def read(cls: type[M], value: Any, what: str) -> M:
        """The value as this form. Raises MalformedError with the first fault."""
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            where = "".join(f"{key}: " for key in first["loc"])[:80]
            raise MalformedError(f"is no {what}: {where}{first['msg']}") from None

    @classmethod
    def schema_for_server(cls) -> dict[str, Any]:
        """The JSON schema that a server can hold a reply to: these names and no others."""
        schema: dict[str, Any] = _close(cls.model_json_schema())
        return schema


def _close(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_close(piece) for piece in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _close(piece) for name, piece in schema.items()}
    return closed | ({"additionalProperties": False} if schema.get("type") == "object" else {})


def _whole_number(value: Any) -> Any:
    """Takes "3", "Step 3" and 3.0 for 3; other values stay as they are."""
    if isinstance(value, str) and (found := NUMBER.fullmatch(value)):
        return int(found[1])
    return int(value) if isinstance(value, float) and value.is_integer() else value


def word(value: Any) -> Any:
    """Takes " Contributes." for "contributes"; what is no text stays as it is."""
    return (
        " ".join(value.casefold().strip(" .!\n*\"'").split()) if isinstance(value, str) else value
    )


WholeNumber = Annotated[int, BeforeValidator(_whole_number)]
Word = BeforeValidator(word)
