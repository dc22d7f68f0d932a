#!/usr/bin/env bash
# What Math-Verify makes of \% depends on the version of the ANTLR runtime beside it. With 4.9.3, the
# one that Hydra 1.3 asks for, latex2sympy2_extended's parser drops the sign: 56\% is 56,
# and not 0.56; and 0.56 = 56\% is 56. With 4.13.2 it is 56/100. Nothing warns.
# Installs pinned packages into two temporary folders. Exits with 1 if this changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for runtime in 4.9.3 4.13.2; do
    "${PYTHON:-python3}" -m venv "$folder/$runtime"
    "$folder/$runtime/bin/pip" install --quiet --disable-pip-version-check \
        math-verify==0.9.0 latex2sympy2_extended==1.11.0 sympy==1.14.0 \
        "antlr4-python3-runtime==$runtime"
    "$folder/$runtime/bin/python" - <<'PYTHON' || failed=1
import logging
import sys
from importlib.metadata import version

from math_verify import parse, verify

logging.disable()
runtime = version("antlr4-python3-runtime")
percent, equation = parse(r"$56\%$")[0], parse(r"$0.56 = 56\%$")[0]
is_equal = verify(parse("$0.56$"), parse(r"$56\%$"))
print(f"ANTLR {runtime}: 56\\% is {percent}, 0.56 = 56\\% is {equation}, 0.56 equals it: {is_equal}")
sys.exit(is_equal != (runtime != "4.9.3"))
PYTHON
done
exit "${failed:-0}"
