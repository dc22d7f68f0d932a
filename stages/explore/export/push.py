"""A folder pushed to the Hugging Face hub."""

from pathlib import Path
from typing import Literal

from schemas.errors import RatchetError
from stages.results import terminal


def push(folder: Path, repo: str, kind: Literal["dataset", "model"], private: bool) -> str:
    """Uploads the folder's files as one commit; returns the repository's address.

    The repository is made if there is none. Raises RatchetError if the hub refuses, or can't be
    reached.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    api = HfApi()
    try:
        url = api.create_repo(repo, repo_type=kind, private=private, exist_ok=True)
        api.upload_folder(
            repo_id=url.repo_id,
            repo_type=kind,
            folder_path=folder,
            commit_message=f"{folder.name}, exported by Ratchet",
        )
    except OfflineModeIsEnabled as error:
        raise RatchetError("--push needs the hub, and HF_HUB_OFFLINE is set: unset it") from error
    except HFValidationError as error:
        raise RatchetError(f"--push {repo}: {terminal.one_line(error)}") from error
    except HfHubHTTPError as error:
        hint = ": log in with `hf auth login`" if _is_refused(error) else ""
        raise RatchetError(f"--push {repo}: {terminal.one_line(error)}{hint}") from error
    except OSError as error:
        raise RatchetError(f"--push {repo}: the hub can't be reached ({error})") from error
    return str(url)


def _is_refused(error: Exception) -> bool:
    response = getattr(error, "response", None)
    return getattr(response, "status_code", None) in (401, 403)
