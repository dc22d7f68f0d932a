"""No package comes in under a licence that nobody has looked at."""

import re
from importlib.metadata import PackageNotFoundError, distribution

import pytest

from tests.contract.test_locks import pins

# each asks for no more than to keep its text, and maybe a list of changes
PERMISSIVE = re.compile(
    r"apache|mit\b|mit-0|\b(0|2-clause |3-clause )?bsd|bsl-1\.0|isc|python software|psf-2\.0"
    r"|cnri-python|zlib|cc0-1\.0|zope|hpnd",
    re.IGNORECASE,
)
# used as they are, by import: what they ask for holds for changes of their own files
WEAK = {
    "asyncssh": "EPL-2.0 or GPL-2.0-or-later",
    "certifi": "MPL-2.0",
    "hypothesis": "MPL-2.0",
    "orjson": "MPL-2.0 and (Apache-2.0 or MIT)",
    "pathspec": "MPL-2.0",
    "pygit2": "GPL-2.0 with the exception that it may be linked with anything",
    "shtab": "MPL-2.0",
    "tqdm": "MPL-2.0 and MIT",
}
CHOICE = {"dulwich": "Apache-2.0 or GPL-2.0-or-later", "grandalf": "EPL-1.0 or GPL-2.0"}
KNOWN = WEAK | CHOICE | {"dataframely": "BSD-3-Clause, which only its licence file says"}


def licences(package: str) -> list[str]:
    """What a package's metadata says: one expression, or its classifiers, or its own words."""
    facts = distribution(package).metadata
    if expression := facts.get("License-Expression"):
        return re.split(r"\s+(?:AND|OR)\s+", expression.strip("()"))
    kinds = [c for c in facts.get_all("Classifier") or [] if c.startswith("License")]
    first = (facts.get("License") or "").strip().splitlines()[:1]
    return [kind.rpartition("::")[2].strip() for kind in kinds] or first


@pytest.mark.parametrize(
    "package", sorted(pins("requirements.lock") | pins("requirements-dev.lock"))
)
def test_the_licence_is_known(package: str) -> None:
    try:
        found = licences(package)
    except PackageNotFoundError:
        pytest.skip("it is not installed: `make develop` installs it")
    if package not in KNOWN:
        assert found and all(map(PERMISSIVE.search, found)), f"{package} is under {found}"


def test_what_is_known_is_still_needed() -> None:
    assert KNOWN.keys() <= pins("requirements.lock").keys() | pins("requirements-dev.lock").keys()
