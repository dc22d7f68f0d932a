#!/usr/bin/env bash
# sympy evaluates log(1 + x) for small x as 0, with strict=True too, which promises the digits asked
# for; and from this it concludes that two such numbers are one: is_zero of their difference is True,
# and simplify makes it 0. Asked for enough digits it has them.
# Installs a pinned package into a temporary folder. Exits with 1 if this changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sympy==1.14.0 mpmath==1.3.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys

from sympy import Rational, __version__, log, simplify

one, other = (log(1 + Rational(1, 10**n)) for n in (50, 51))
seen = one.evalf(15, strict=True), one.evalf(60)
gap = one - other
print(f"sympy {__version__}: log(1 + 1e-50) expected 1.00000000000000e-50, seen {seen[0]}")
print(f"in 60 digits {str(seen[1])[:12]}…e-51")
print(f"log(1 + 1e-50) - log(1 + 1e-51): is_zero {gap.is_zero}, simplified {simplify(gap)}")
sys.exit(not (seen[0] == 0 and seen[1] > 0 and gap.is_zero and simplify(gap) == 0))
PYTHON
